// Pure: what the end of an ADMIN transaction makes of its change, as a write of the same commit.
import { changeKey } from "../identity/entity-key.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { AnyWrite, AuditDraft, Index, LoadedEntity } from "../store/store.ts";
import { isOpen, type Change } from "./change.ts";

/** Listed together, newest first; due while it has to be carried out, or people have to be told how it ended. */
export function changeIndex({ requestedAt, state, expiresAt, told: isTold }: Change): Index {
  const due = isTold === true ? {} : { due: state === "REQUESTED" ? expiresAt : 0 };
  return { owner: CHANGES, sort: requestedAt, ...due };
}
/** Whose all changes are. */
export const CHANGES = "changes";

/**
 * The change with one more yes; the very same object where it does not count: the change is over, this administrator's yes
 * is in already, or he who asked has not confirmed yet and this is somebody else.
 */
export function approve(change: Change, by: { readonly adminId: string; readonly txId: HexId }, now: UnixMs): Change {
  if (!isOpen(change, now) || change.approvals.some(({ adminId }) => adminId === by.adminId)) return change;
  if (change.approvals.length === 0 && by.adminId !== change.requestedBy) return change;
  const approvals = [...change.approvals, { ...by, at: now }];
  return { ...change, approvals, state: approvals.length >= Math.max(1, change.needed) ? "APPROVED" : "REQUESTED" };
}

/** One no ends it, while it is not APPROVED; the very same object: it is over already. */
export function reject(change: Change, by: string, detail: string, now: UnixMs): Change {
  if (!isOpen(change, now)) return change;
  return { ...change, state: "REJECTED", rejectedBy: by, detail, endedAt: now };
}

/** What the transaction's step writes of its change. */
export function changeWrites(
  loaded: LoadedEntity<"change"> | undefined,
  step: { readonly adminId: string; readonly txId: HexId; readonly said: "yes" | "no"; readonly detail: string },
  now: UnixMs,
): AnyWrite[] {
  const before = loaded?.body;
  if (loaded === undefined || before === undefined) return [];
  const { adminId, txId, said, detail } = step;
  const after = said === "yes" ? approve(before, { adminId, txId }, now) : reject(before, adminId, detail, now);
  return after === before ? [] : [changeWrite(loaded, after)];
}

export function changeWrite({ version }: LoadedEntity<"change">, body: Change): AnyWrite {
  return { key: changeKey(body.changeId), expected: version, body, index: changeIndex(body) };
}

/** How the audit tells what a commit made of a change. */
export function auditOfChange(writes: readonly AnyWrite[]): AuditDraft[] {
  return writes.flatMap((write) =>
    write.key.type === "change" && write.body !== undefined ? [told(write.body as Change)] : [],
  );
}

function told(change: Change): AuditDraft {
  const { changeId, tenantId: tenant, action, state, needed, approvals, requestedBy } = change;
  const last = approvals.at(-1);
  const actor = state === "REJECTED" ? (change.rejectedBy ?? "core") : (last?.adminId ?? requestedBy);
  const event = state === "REJECTED" ? "change.rejected" : "change.approved";
  const detail = { action: action.type, state, needed, approvals: approvals.length };
  return { event, tenant, actor: `admin:${actor}`, subject: `change:${changeId}`, detail };
}
