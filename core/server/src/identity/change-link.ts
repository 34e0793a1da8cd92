import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfUser, type UnixMs } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { linkKey } from "./entity-key.ts";
import { linkIndex } from "./link-index.ts";
import type { Link } from "./link.ts";

/** Names a link where it lives. */
export type LinkName = Pick<Link, "tenantId" | "userId" | "linkId">;

/**
 * Reads a link and changes it in one commit, again after a conflict. `change` is pure; it answers undefined when the link
 * cannot be had, and the very same link when nothing is to be written.
 */
export async function changeLink(
  given: CoreGiven,
  of: LinkName,
  by: { readonly actor: string; readonly event: string },
  change: (link: Link, now: UnixMs) => Link | undefined,
): Promise<Link | undefined> {
  const { tenantId, userId, linkId } = of;
  const { actor, event } = by;
  const shard = shardOfUser(tenantId, userId);
  const key = linkKey(tenantId, linkId);
  const settled = await untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [{ body: held, version }] = entities;
    const body = held && change(held, now);
    if (body === undefined || body === held) return { link: body };
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: version, body, index: linkIndex(body) }],
      audit: [{ event, tenant: tenantId, actor, subject: `user:${userId}`, detail: { link: linkId } }],
    });
    return outcome === "committed" ? { link: body } : undefined;
  });
  return isRefusal(settled) ? undefined : settled.link;
}
