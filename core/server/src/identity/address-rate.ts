// How often addresses are linked: each sends a message that somebody pays for, to somebody who may not have asked.
import { sha256, toHex, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, type EntityKey, type HexId, type UnixMs } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { linkRateKey } from "./entity-key.ts";
import { mailboxOf, type AddressPlatform } from "./link-address.ts";
import type { LinkRate } from "./link.ts";

interface Limit {
  readonly windowMs: number;
  readonly most: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS: number = 24 * HOUR_MS;
const OF_USER: readonly Limit[] = [
  { windowMs: HOUR_MS, most: 3 },
  { windowMs: DAY_MS, most: 5 },
];
/** Over all users of the tenant. */
const OF_ADDRESS: readonly Limit[] = [{ windowMs: HOUR_MS, most: 3 }];

/** A link by address. */
export interface AddressLink {
  readonly tenantId: HexId;
  readonly userId: string;
  readonly platform: AddressPlatform;
  readonly address: string;
}

/** Why this one would be one too many, counting nothing. */
export async function addressLimit(given: CoreGiven, of: AddressLink): Promise<Refusal | undefined> {
  for (const { key, limits } of counted(of)) {
    const { entities, now } = await given.store.load(shardOfKey(key), key);
    const refusal = exceeded(entities[0].body, limits, now);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * Counts it, by the store's clock, at its user and at its address; once, however often it is asked. An address that is
 * refused still counts at the user, so that asking for many costs him.
 */
export async function countAddressLink(
  given: CoreGiven,
  of: AddressLink,
  linkId: HexId,
  actor: string,
): Promise<true | Refusal> {
  for (const { key, limits } of counted(of)) {
    const shard = shardOfKey(key);
    const done = await untilSettled(async (): Promise<true | Refusal | undefined> => {
      const { entities, epoch, now } = await given.store.load(shard, key);
      const [{ body, version: expected }] = entities;
      if (body?.uses.some((use) => use.linkId === linkId) === true) return true;
      const refusal = exceeded(body, limits, now);
      if (refusal !== undefined) return refusal;
      const uses = [...recent(body, DAY_MS, now), { linkId, at: now }];
      const { tenantId, userId, platform } = of;
      const detail = { link: linkId, platform };
      const audit = [
        { event: "link.address-counted", tenant: tenantId, actor, subject: `user:${userId}`, detail },
      ] as const;
      const outcome = await commitOnce(given, shard, { epoch, writes: [{ key, expected, body: { uses } }], audit });
      return outcome === "committed" ? true : undefined;
    });
    if (done !== true) return done;
  }
  return true;
}

function counted(of: AddressLink): readonly { key: EntityKey<"link-rate">; limits: readonly Limit[] }[] {
  const { tenantId, userId, platform, address } = of;
  const named = (name: string): EntityKey<"link-rate"> => linkRateKey(tenantId, toHex(sha256(utf8(name))));
  return [
    { key: named(`user\0${userId}`), limits: OF_USER },
    { key: named(`address\0${platform}\0${mailboxOf(platform, address)}`), limits: OF_ADDRESS },
  ];
}

/** One answer for both counts, so that it tells nothing of what other users did. */
function exceeded(rate: LinkRate | undefined, limits: readonly Limit[], now: UnixMs): Refusal | undefined {
  for (const { windowMs, most } of limits) {
    const times = recent(rate, windowMs, now).map(({ at }) => at);
    if (times.length < most) continue;
    const retryAfterMs = Math.max(Math.min(...times) + windowMs - now, 1);
    return refuse("RATE_LIMITED", "address: too many addresses were linked lately. Wait.", { retryAfterMs });
  }
  return undefined;
}

function recent(rate: LinkRate | undefined, windowMs: number, now: UnixMs): LinkRate["uses"] {
  return (rate?.uses ?? []).filter(({ at }) => at > now - windowMs);
}
