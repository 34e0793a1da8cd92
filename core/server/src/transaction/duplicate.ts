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
    case "CONFIRMED":
    case "EXECUTING":
      return true;
    case "EXECUTED":
    case "EXECUTION_UNKNOWN":
      return now < current.at + DAY_MS;
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
