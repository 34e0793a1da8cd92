import type { UnixMs } from "../store/entity.ts";
import { stand, type Step } from "./change.ts";
import { end } from "./ending.ts";
import type { Effect, Transaction } from "./transaction.ts";

/**
 * The moment at which time alone changes the transaction; undefined: never. A commit of any other event carries it as
 * its `notAfter`, so that the store's clock decides who was first.
 */
export function dueAt(transaction: Transaction): UnixMs | undefined {
  switch (transaction.state) {
    case "PENDING":
      return transaction.expiresAt;
    case "PARTIAL":
      return transaction.until;
    case "CONFIRMED":
      return transaction.claimBy;
    case "EXECUTING":
      return transaction.lease.lapsed === undefined
        ? transaction.lease.until
        : transaction.lease.until + transaction.policy.claimByMs;
    case "APPROVED":
    case "EXECUTED":
    case "EXECUTION_FAILED":
    case "EXECUTION_UNKNOWN":
    case "REJECTED":
    case "TAMPERED":
    case "LOCKED":
    case "EXPIRED":
    case "CANCELLED":
    case "UNDELIVERABLE":
      return undefined;
  }
}

/**
 * What time has done by `now`. Every other event is judged on the outcome, so that it makes no difference whether the
 * sweeper came by in between.
 */
export function letTimePass(from: Transaction, now: UnixMs): Step {
  let transaction = from;
  const effects: Effect[] = [];
  for (let due = dueAt(transaction); due !== undefined && now >= due; due = dueAt(transaction)) {
    const passed = lapse(transaction, now);
    transaction = passed.transaction;
    effects.push(...passed.effects);
  }
  return { transaction, effects };
}

function lapse(of: Transaction, now: UnixMs): Step {
  if (of.state !== "EXECUTING") return end(of, "EXPIRED", now);
  const { confirmation, claimBy, lease } = of;
  if (!of.begun) {
    // Nothing was done under it: the user may veto again, anybody may claim, with fence + 1.
    const transaction = stand(of, { state: "CONFIRMED", confirmation, claimBy, lapsed: lease });
    const notice = { type: "CONFIRMED", at: now, claimBy } as const;
    return { transaction, effects: [{ type: "notify", notice, final: false }, { type: "offer" }] };
  }
  if (lease.idempotent && lease.lapsed === undefined) {
    const lapsed = { ...lease, lapsed: true } as const;
    const transaction = stand(of, { state: "EXECUTING", confirmation, claimBy, lease: lapsed, begun: true });
    return { transaction, effects: [{ type: "offer" }] };
  }
  const transaction = stand(of, { state: "EXECUTION_UNKNOWN", confirmation, lease, at: now });
  const notice = { type: "EXECUTION_UNKNOWN", at: now } as const;
  return { transaction, effects: [{ type: "notify", notice, final: true }] };
}
