import type { CoreGiven } from "../given.ts";
import type { Caller } from "../rpc/caller.ts";
import type { Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { unknownTransaction } from "./happen.ts";
import { isTxId, transactionKey } from "./transaction-key.ts";
import type { Transaction } from "./transaction.ts";

/** The caller's transaction. What belongs to another tenant, or to another confirmation token, reads as unknown. */
export async function ownTransaction(given: CoreGiven, caller: Caller, txId: HexId): Promise<Transaction | Refusal> {
  if (!isTxId(txId)) return unknownTransaction;
  const { entities } = await given.store.load(shardOfTransaction(txId), transactionKey(txId));
  const transaction = entities[0].body;
  return transaction !== undefined && owns(caller, transaction) ? transaction : unknownTransaction;
}

function owns(caller: Caller, { tenantId, txId }: Transaction): boolean {
  switch (caller.kind) {
    case "app":
      return caller.tenantId === tenantId;
    case "confirmation":
      return caller.txId === txId;
    case "grant":
    case "enrolment":
    case "bot":
    case "admin":
    case "invitation":
      return false;
  }
}
