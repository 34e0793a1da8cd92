// The one place where a transaction changes; docs/protocol/states.md is its table, machine.test.ts the whole matrix.
import type { UnixMs } from "../store/entity.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import { ask, endUnfit, follow, giveApproval, refuseApproval } from "./approving.ts";
import { conflict, proceed, unchanged, type Step } from "./change.ts";
import { end } from "./ending.ts";
import type { TransactionEvent } from "./event.ts";
import { accept, countTry, forgiveOrRefuse, refuseCode, reissue, resend } from "./confirming.ts";
import { begin, claim, renew, report, resolve } from "./executing.ts";
import { letTimePass } from "./time.ts";
import type { Effect, Issue, Transaction } from "./transaction.ts";
import { veto } from "./veto.ts";

/**
 * What the event makes of the transaction at `now` (the store's clock), or why it does not. Pure. Time comes first: a
 * transaction past its end is judged as ended, whether or not anybody has written that down. The one exception is a
 * report, which counts under its fence however late it is.
 */
export function step(transaction: Transaction, event: TransactionEvent, now: UnixMs): Step | Refusal {
  if (event.type === "reported") return report(transaction, event, now);
  const passed = letTimePass(transaction, now);
  const stepped = take(passed.transaction, event, now);
  if (!("transaction" in stepped)) return stepped;
  return { transaction: stepped.transaction, effects: [...passed.effects, ...stepped.effects] };
}

/** In the chats the notice of the revocation itself says it, in the user's language. */
const NO_KEY_LEFT = "every key that could sign it was revoked";

/** All but the report, which time does not overtake. */
type TimelyEvent = Exclude<TransactionEvent, { type: "reported" }>;

function take(of: Transaction, event: TimelyEvent, now: UnixMs): Step | Refusal {
  switch (event.type) {
    case "time-came":
      return unchanged(of);
    case "vetoed":
      return veto(of, event, now);
    case "cancelled":
      return cancel(of, event, now);
    case "keys-revoked":
      return of.state === "PENDING" ? end(of, "CANCELLED", now, { forApp: NO_KEY_LEFT }) : unchanged(of);
    case "approver-asked":
      return ask(of, event);
    case "approval-given":
      return giveApproval(of, event, now);
    case "approval-refused":
      return refuseApproval(of, event, now);
    case "requester-unfit":
      return endUnfit(of, event, now);
    case "parent-moved":
      return follow(of, event, now);
    case "claimed":
      return claim(of, event, now);
    case "begun":
      return begin(of, event, now);
    case "renewed":
      return renew(of, event, now);
    case "resolved":
      return resolve(of, event, now);
    case "try-counted":
    case "statement-accepted":
    case "wrong-code":
    case "code-superseded":
    case "tries-lost":
    case "statement-unfit":
    case "tampered":
    case "undeliverable":
    case "resent":
    case "reissued":
      return of.state === "PENDING" ? takePending(of, event, now) : notPending(of);
  }
}

type PendingEvent = Extract<
  TransactionEvent,
  {
    type:
      | "try-counted"
      | "statement-accepted"
      | "wrong-code"
      | "code-superseded"
      | "tries-lost"
      | "statement-unfit"
      | "tampered"
      | "undeliverable"
      | "resent"
      | "reissued";
  }
>;

function takePending(of: Transaction, event: PendingEvent, now: UnixMs): Step | Refusal {
  switch (event.type) {
    case "try-counted":
      return countTry(of);
    case "statement-accepted":
      return accept(of, event.confirmation, now);
    case "wrong-code":
      return refuseCode(of, now);
    case "code-superseded":
      return forgiveOrRefuse(of, event.epochChanged, now);
    case "tries-lost":
      return of.triesLeft === 0 ? end(of, "LOCKED", now) : conflict(of, "tries are left");
    case "statement-unfit":
      return { transaction: proceed(of, { lastRefusal: event.reason }), effects: [] };
    case "tampered":
      return end(of, "TAMPERED", now, {}, [alarm(now)]);
    case "undeliverable":
      return isCurrent(of, event.issue) ? end(of, "UNDELIVERABLE", now) : unchanged(of);
    case "resent":
      return resend(of, event.epoch, now);
    case "reissued":
      return reissue(of, event.epoch, now);
  }
}

function isCurrent({ issue }: Transaction, { epoch, n }: Issue): boolean {
  return issue.epoch === epoch && issue.n === n;
}

function alarm(at: UnixMs): Effect {
  return { type: "alert", notice: { type: "TAMPERED", at } };
}

function notPending(of: Transaction): Refusal {
  // Expiry is told as such, however soon the sweeper came by.
  if (of.state === "EXPIRED") return refuse("EXPIRED", "The transaction expired. Create it anew.");
  return conflict(of, "it waits for no statement and no code");
}

function cancel(of: Transaction, event: Extract<TransactionEvent, { type: "cancelled" }>, now: UnixMs): Step | Refusal {
  if (of.state === "CANCELLED") return unchanged(of);
  if (of.state === "PENDING" || ((of.state === "PARTIAL" || of.state === "CONFIRMED") && event.by !== "client")) {
    return end(of, "CANCELLED", now, { detail: event.detail });
  }
  if (of.state === "EXPIRED") return refuse("EXPIRED", "The transaction expired: there is nothing to cancel.");
  return conflict(of, "it can no longer be cancelled");
}
