import type { CoreGiven } from "../given.ts";
import type { Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** A new code that supersedes the last: at most 3, at least 60 s apart (policy), else RATE_LIMITED. */
export async function resendCode(given: CoreGiven, txId: HexId, actor: string): Promise<Transaction | Refusal> {
  const { epoch } = await given.store.load(shardOfTransaction(txId));
  return happen(given, txId, { type: "resent", epoch }, actor);
}
