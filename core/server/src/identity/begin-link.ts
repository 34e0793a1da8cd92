// A link token and what it is for. docs/protocol/delivery.md section 7.
import { toHex } from "@countersign/protocol";
import { deepLinkOf } from "../channel/deep-link.ts";
import { isPlatform, PLATFORM_TRAITS } from "../delivery/platform-trait.ts";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { tokenId } from "../rpc/token.ts";
import { shardOfKey, shardOfUser, type HexId, type Shard, type UnixMs } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { findReservation, reserve, type RequestUse } from "../transaction/reserve.ts";
import { loadUser } from "./change-user.ts";
import { directoryOf } from "./directory.ts";
import { linkKey, linkOwnerKey, linkTokenKey, tenantKey } from "./entity-key.ts";
import { linkIndex } from "./link-index.ts";
import { LINK_TOKEN_MS, linkTokenOf } from "./link-token.ts";
import type { Link } from "./link.ts";
import type { Platform } from "./tenant.ts";

/** Channels of one user. */
export const MOST_LINKS = 16;

export interface BegunLink {
  readonly linkId: HexId;
  readonly linkToken: string;
  readonly deepLink: string;
  readonly expiresAt: UnixMs;
}

/**
 * Issues a token for a chat of this user, once for a request_id. The same request_id gives the same token; the store
 * holds its hash alone.
 */
export async function beginLink(
  given: CoreGiven,
  use: RequestUse,
  asked: { readonly userId: string; readonly platform: string },
): Promise<BegunLink | Refusal> {
  const { tenantId } = use;
  const user = await loadUser(given, { tenantId, userId: asked.userId });
  if (isRefusal(user)) return user;
  const platform = await allowedPlatform(given, tenantId, asked.platform);
  if (isRefusal(platform)) return platform;
  const known = await findReservation(given, use);
  if (isRefusal(known)) return known;
  if (known === undefined && user.linkIds.length >= MOST_LINKS) {
    return refuse("RATE_LIMITED", `The user has ${MOST_LINKS} channels. Unlink one first.`);
  }
  const reservation = known ?? (await reserve(given, use, { linkId: toHex(given.random.bytes(16)) }));
  if (isRefusal(reservation)) return reservation;
  const linkId = reservation.drawn["linkId"] ?? "";
  const until = reservation.at + LINK_TOKEN_MS;
  const linkToken = linkTokenOf(given.secrets, linkId);
  const made = await make(given, { tenantId, userId: asked.userId, linkId, platform, until }, linkToken, use.by);
  if (isRefusal(made)) return made;
  return { linkId, linkToken, deepLink: await deepLinkOf(given, tenantId, platform, linkToken), expiresAt: until };
}

async function allowedPlatform(given: CoreGiven, tenantId: HexId, platform: string): Promise<Platform | Refusal> {
  if (!isPlatform(platform)) return badInput("platform", `must be one of ${Object.keys(PLATFORM_TRAITS).join(", ")}`);
  const tenant = await directoryOf(given.store).get(tenantKey(tenantId));
  const allowed = tenant?.policy.channels.includes(platform) === true && (platform !== "sandbox" || given.development);
  return allowed ? platform : badInput("platform", "the policy does not allow this platform");
}

/** Three entities in three shards, each made if it is not there: a retry finishes what a crash left. */
async function make(
  given: CoreGiven,
  of: Pick<Link, "tenantId" | "userId" | "linkId" | "platform" | "until">,
  linkToken: string,
  by: string,
): Promise<true | Refusal> {
  const { tenantId, userId, linkId, platform, until } = of;
  const link: Link = {
    ...of,
    state: "WAITING",
    ...{ botId: undefined, peerId: undefined, peerName: undefined, txId: undefined, linkedAt: undefined },
    heldUntil: until,
    unanswered: 0,
    failure: undefined,
  };
  const owner = linkOwnerKey(tenantId, linkId);
  const token = linkTokenKey(tokenId(linkToken));
  const writes: readonly (readonly [Shard, AnyWrite])[] = [
    [
      shardOfUser(tenantId, userId),
      { key: linkKey(tenantId, linkId), expected: "", body: link, index: linkIndex(link) },
    ],
    [shardOfKey(owner), { key: owner, expected: "", body: { tenantId, userId } }],
    [
      shardOfKey(token),
      { key: token, expected: "", body: { tenantId, userId, linkId, platform, until, usedBy: undefined } },
    ],
  ];
  for (const [shard, write] of writes) {
    const done = await untilSettled(async () => {
      const { entities, epoch } = await given.store.load(shard, write.key);
      if (entities[0].body !== undefined) return true;
      const subject = `user:${userId}`;
      const audit = [
        { event: `${write.key.type}.made`, tenant: tenantId, actor: `app:${by}`, subject, detail: { link: linkId } },
      ] as const;
      return (await commitOnce(given, shard, { epoch, writes: [write], audit })) === "committed" ? true : undefined;
    });
    if (isRefusal(done)) return done;
  }
  return true;
}
