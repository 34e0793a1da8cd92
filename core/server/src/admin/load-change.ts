import type { CoreGiven } from "../given.ts";
import { changeKey } from "../identity/entity-key.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION_SHARD, type HexId } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { hasPart } from "./admin.ts";
import { changeWrite } from "./approval.ts";
import type { Change } from "./change.ts";

/** One answer for what does not exist and for what is none of the caller's business. */
export const unknownChange: Refusal = refuse(
  "NOT_FOUND",
  "change_id: there is no such change. ListChanges names them.",
);

/** Those of the installation itself are seen by who is of the installation. */
export function maySee(caller: AdminCaller, { tenantId }: Pick<Change, "tenantId">): boolean {
  return hasPart(caller, tenantId);
}

/** May confirm it, or end it. */
export function mayDecide(caller: AdminCaller, change: Pick<Change, "tenantId" | "requestedBy">): boolean {
  if (change.requestedBy === caller.adminId) return true;
  return caller.role === "owner" || (caller.role === "admin" && change.tenantId !== "" && maySee(caller, change));
}

/** What the caller may not see reads as unknown. */
export async function loadChange(given: CoreGiven, caller: AdminCaller, changeId: string): Promise<Change | Refusal> {
  if (!/^[0-9a-f]{32}$/.test(changeId)) return unknownChange;
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, changeKey(changeId));
  const change = entities[0].body;
  const isHis = change !== undefined && (maySee(caller, change) || change.requestedBy === caller.adminId);
  return isHis ? change : unknownChange;
}

/** Reads a change and writes what `step` makes of it, in one commit; the very same change: nothing is written. */
export function stepChange(
  given: CoreGiven,
  changeId: HexId,
  step: (change: Change, now: number) => Change,
  auditOf: (after: Change) => AuditDraft,
): Promise<Change | Refusal> {
  const key = changeKey(changeId);
  return untilSettled(async (): Promise<Change | Refusal | undefined> => {
    const { entities, epoch, now } = await given.store.load(ADMINISTRATION_SHARD, key);
    const [loaded] = entities;
    if (loaded.body === undefined) return unknownChange;
    const after = step(loaded.body, now);
    if (after === loaded.body) return after;
    const outcome = await commitOnce(given, ADMINISTRATION_SHARD, {
      epoch,
      writes: [changeWrite(loaded, after)],
      audit: [auditOf(after)],
    });
    return outcome === "committed" ? after : undefined;
  });
}
