import { alertKey } from "../delivery/delivery-key.ts";
import type { NoticeType } from "../delivery/delivery.ts";
import { alertWrites } from "../delivery/plan.ts";
import type { CoreGiven } from "../given.ts";
import { shardOfUser } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { isRefusal } from "../rpc/refusal.ts";
import type { UserName } from "./change-user.ts";
import { loadLinks } from "./load-links.ts";

/** What is told; `event` is unique in the user's life: the same event is told once, however often it happens. */
export interface OneAlert {
  readonly event: string;
  readonly type: NoticeType;
  readonly detail: string;
}

/** Tells every linked chat of a user something that changes nothing. */
export async function alertOnce(
  given: CoreGiven,
  name: UserName,
  { event, type, detail }: OneAlert,
  audited: {
    readonly event: string;
    readonly actor: string;
    readonly detail: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { tenantId, userId } = name;
  const shard = shardOfUser(tenantId, userId);
  const links = await loadLinks(given, name);
  const linked = isRefusal(links) ? [] : links.filter(({ state }) => state === "LINKED");
  if (linked.length === 0) return;
  await untilSettled(async () => {
    const keys = linked.map(({ linkId }) => alertKey(tenantId, event, linkId));
    const { entities, epoch, now } = await given.store.load(shard, ...keys);
    const told = new Set(entities.flatMap(({ body }) => (body === undefined ? [] : [body.linkId])));
    const left = linked.filter(({ linkId }) => !told.has(linkId));
    if (left.length === 0) return true;
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: alertWrites(left, { event, notice: { type, at: now, detail } }, now),
      audit: [{ tenant: tenantId, subject: `user:${userId}`, ...audited }],
    });
    return outcome === "committed" ? true : undefined;
  });
}
