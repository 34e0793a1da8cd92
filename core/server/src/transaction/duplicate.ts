import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import { letTimePass } from "./time.ts";
import type { Transaction } from "./transaction.ts";

const DAY_MS = 24 * 3_600_000;

/** Whether equal content may not simply be created again: it is open, may be carried out, or was within 24 h. */
export function guards(transaction: Transaction, now: UnixMs): boolean {
  const { transaction: current } = letTimePass(transaction, now);
  switch (current.state) {
    case "PENDING":
    case "PARTIAL":
    case "CONFIRMED":
    case "EXECUTING":
      return true;
    case "EXECUTED":
    case "EXECUTION_UNKNOWN":
      return now < guardedUntil(current);
    // Guards nothing of its user's own.
    case "APPROVED":
    case "EXECUTION_FAILED":
    case "REJECTED":
    case "TAMPERED":
    case "LOCKED":
    case "EXPIRED":
    case "CANCELLED":
    case "UNDELIVERABLE":
      return false;
  }
}

/** The moment from which on what was carried out, or may have been, guards no more; 0: no clock says so. */
export function guardedUntil(transaction: Transaction): UnixMs {
  const { state } = transaction;
  return state === "EXECUTED" || state === "EXECUTION_UNKNOWN" ? transaction.at + DAY_MS : 0;
}

/** `guarding`: newest last. Only naming the newest allows another one: so a withheld repeat guards too. */
export function findDuplicate(guarding: readonly Transaction[], repeatOf: HexId | undefined): Refusal | undefined {
  const newest = guarding.at(-1);
  if (newest === undefined || newest.txId === repeatOf) return undefined;
  return refuse(
    "DUPLICATE",
    `Equal content is ${newest.state} as ${newest.txId}. If it is meant again, name it in repeat_of.`,
    { metadata: { transactionId: newest.txId, state: newest.state } },
  );
}
