// Pure: what one shard has to tell others about what several people confirm, as a write of the same commit.
// docs/protocol/approval.md section 4
import { sha256, toHex, utf8 } from "@countersign/protocol";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** That others have to hear how this transaction stands; what they are told is read when they are told. */
export interface OutboxEntry {
  readonly txId: HexId;
  readonly at: UnixMs;
}

/** The entry that a step asks for, if any: due at once, and gone once everybody was told. */
export function outboxWrites(before: Transaction | undefined, after: Transaction, now: UnixMs): AnyWrite[] {
  if (before === undefined || !isNews(before, after)) return [];
  const id = toHex(sha256(utf8(`${after.txId} ${after.version}`))).slice(0, 32);
  const key = { type: "outbox", tenant: after.tenantId, id } as const;
  return [{ key, expected: "", body: { txId: after.txId, at: now }, index: { due: 0 } }];
}

function isNews(before: Transaction, after: Transaction): boolean {
  if (after.approves !== undefined) return saidOf(before) !== saidOf(after);
  if (after.policy.approval === undefined) return false;
  // Before its own user confirmed nobody else has heard of it.
  if (before.state === "PENDING" && after.state !== "PARTIAL") return false;
  return before.state !== after.state || before.approvals !== after.approvals;
}

/** What an approver said, by the transaction of his own; undefined: nothing yet, or nothing that counts. */
export function saidOf(approval: Transaction): "yes" | "no" | "tampered" | undefined {
  if (approval.state === "TAMPERED") return "tampered";
  if (approval.state === "REJECTED") return "no";
  if (approval.state !== "APPROVED") return undefined;
  return approval.lateVeto === undefined ? "yes" : "no";
}
