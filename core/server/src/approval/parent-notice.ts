// Pure: what approvers' chats are told of the transaction that they were asked about.
import { fromHex, receiptNumberOf } from "@countersign/protocol";
import type { Notice } from "../delivery/delivery.ts";
import type { UnixMs } from "../store/entity.ts";
import { neededOf } from "../transaction/approving.ts";
import type { TransactionEvent } from "../transaction/event.ts";
import type { Transaction } from "../transaction/transaction.ts";

type Moved = Extract<TransactionEvent, { type: "parent-moved" }>;

/** How the transaction stands, for the one approver; undefined: nothing that concerns him yet. */
export function parentMoved(parent: Transaction, approver: string, now: UnixMs): Moved | undefined {
  const { version } = parent;
  const moved = { type: "parent-moved", version, ends: true, final: true } as const;
  switch (parent.state) {
    case "PENDING":
    case "APPROVED":
      return undefined;
    case "PARTIAL":
      return { ...moved, ends: false, final: false, notice: progressNotice(parent, now) };
    case "CONFIRMED":
      return { ...moved, final: false, notice: { type: "CONFIRMED", at: now, claimBy: parent.claimBy } };
    case "EXECUTING":
      return { ...moved, notice: { type: "EXECUTING", at: now } };
    case "EXECUTION_UNKNOWN":
      return { ...moved, notice: { type: "EXECUTION_UNKNOWN", at: parent.at } };
    case "EXECUTED":
    case "EXECUTION_FAILED": {
      const { state: type, at, detail } = parent;
      const receipt = type === "EXECUTED" ? { receipt: receiptNumberOf(fromHex(parent.txId), parent.txDigest) } : {};
      return { ...moved, notice: { type, at, ...(detail === "" ? {} : { detail }), ...receipt } };
    }
    case "REJECTED":
    case "TAMPERED":
    case "LOCKED":
    case "EXPIRED":
    case "CANCELLED":
    case "UNDELIVERABLE":
      return { ...moved, notice: endNotice(parent, approver) };
  }
}

function progressNotice(parent: Extract<Transaction, { state: "PARTIAL" }>, at: UnixMs): Notice {
  const rule = parent.policy.approval;
  const needed = rule === undefined ? 0 : neededOf(rule);
  return { type: "PARTIAL", at, approved: (parent.approvals ?? []).length, needed, until: parent.until };
}

type Ended = Extract<Transaction, { readonly rejectedOnKey: boolean }>;

/** Whose doing it was is said to everybody but himself. */
function endNotice({ state, at, rejectReason, by, userId }: Ended, approver: string): Notice {
  const doer = state === "REJECTED" || state === "TAMPERED" ? (by ?? userId) : undefined;
  return {
    ...{ type: state, at },
    ...(rejectReason === undefined ? {} : { rejectReason }),
    ...(doer === undefined || doer === approver ? {} : { by: doer }),
  };
}
