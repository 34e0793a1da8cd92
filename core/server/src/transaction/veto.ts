import { RejectReason } from "@countersign/protocol";
import type { Notice } from "../delivery/delivery.ts";
import type { UnixMs } from "../store/entity.ts";
import { proceed, unchanged, type Step } from "./change.ts";
import { end } from "./ending.ts";
import type { TransactionEvent } from "./event.ts";
import type { Effect, State, Transaction } from "./transaction.ts";

type Vetoed = Extract<TransactionEvent, { type: "vetoed" }>;

/** Execution had begun or was granted: a veto is recorded and told, and stops nothing. */
export function isTooLate(state: State): boolean {
  return state === "EXECUTING" || state === "EXECUTED" || state === "EXECUTION_FAILED" || state === "EXECUTION_UNKNOWN";
}

/** The user says no. Works until EXECUTING; later, and on what has ended, it is recorded once. */
export function veto(of: Transaction, event: Vetoed, now: UnixMs): Step {
  if (of.state === "PENDING" || of.state === "PARTIAL" || of.state === "CONFIRMED") {
    // What becomes of the whole is told once it is known: others may have confirmed it meanwhile.
    const notice = of.approves === undefined ? {} : { notice: refusalNotice(event, now) };
    const how = { rejectReason: event.reason, onKey: event.onKey, ...notice };
    return end(of, "REJECTED", now, how, freezing(event, now));
  }
  const before = of.state === "REJECTED" ? (of.lateVeto ?? of.rejectReason) : of.lateVeto;
  // Only more than is known already counts: pressing an old button again freezes nobody anew.
  const known = of.state === "REJECTED" || before !== undefined;
  if (known && (before === RejectReason.NOT_ME || event.reason !== RejectReason.NOT_ME)) return unchanged(of);
  const lateVeto = event.reason ?? RejectReason.CHANGED_MY_MIND;
  return { transaction: proceed(of, { lateVeto }), effects: freezing(event, now) };
}

function refusalNotice({ reason }: Vetoed, at: UnixMs): Notice {
  return { type: "APPROVAL_REFUSED", at, ...(reason === undefined ? {} : { rejectReason: reason }) };
}

/** "Not me": somebody else asked in the user's name. */
function freezing(event: Vetoed, now: UnixMs): readonly Effect[] {
  if (event.reason !== RejectReason.NOT_ME || !event.mayFreeze) return [];
  return [{ type: "freeze-user" }, { type: "alert", notice: { type: "FROZEN", at: now } }];
}
