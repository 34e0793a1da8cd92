import type { CoreGiven } from "../given.ts";
import type { Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** A new code that supersedes the last, on the wish of the user, his client or the app. `actor` goes to the audit. */
export async function resendCode(given: CoreGiven, txId: HexId, actor: string): Promise<Transaction | Refusal> {
  const { epoch } = await given.store.load(shardOfTransaction(txId));
  return happen(given, txId, { type: "resent", epoch }, actor);
}

/** How many more the transaction may have. */
export function resendsLeft(transaction: Transaction): number {
  return Math.max(transaction.policy.resends - transaction.resends, 0);
}

