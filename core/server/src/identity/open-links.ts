import type { CoreGiven } from "../given.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, type HexId, type UnixMs } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { openLinksKey } from "./entity-key.ts";
import type { Platform } from "./tenant.ts";

/** One write a minute and platform is enough, however many links are begun. */
const GRAIN_MS = 60_000;

/** A token for this platform is about until then. */
export async function openLinks(
  given: CoreGiven,
  of: { readonly tenantId: HexId; readonly platform: Platform; readonly until: UnixMs },
  actor: string,
): Promise<true | Refusal> {
  const { tenantId, platform } = of;
  const key = openLinksKey(tenantId, platform);
  const shard = shardOfKey(key);
  const until = Math.ceil(of.until / GRAIN_MS) * GRAIN_MS;
  const done = await untilSettled(async () => {
    const { entities, epoch } = await given.store.load(shard, key);
    const [{ body, version: expected }] = entities;
    if (body !== undefined && body.until >= until) return true;
    const audit = [
      { event: "open-links.extended", tenant: tenantId, actor, subject: `platform:${platform}`, detail: { until } },
    ] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [{ key, expected, body: { until } }], audit });
    return outcome === "committed" ? true : undefined;
  });
  return isRefusal(done) ? done : true;
}

/** Whether a token of this platform may still be about, to the minute. */
export async function isLinkOpen(given: CoreGiven, tenantId: HexId, platform: Platform): Promise<boolean> {
  const key = openLinksKey(tenantId, platform);
  const { entities, now } = await given.store.load(shardOfKey(key), key);
  const until = entities[0].body?.until;
  return until !== undefined && now <= until;
}
