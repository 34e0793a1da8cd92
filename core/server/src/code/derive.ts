import { deriveCode, fromHex, type Code } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import type { Issue, Transaction } from "../transaction/transaction.ts";

/** The code of an issue, as long as the transaction's policy wants it. Derived when it is needed and never kept. */
export function codeOf(given: CoreGiven, transaction: Transaction, issue: Issue): Code {
  const { txId, nonce, txDigest, policy } = transaction;
  const bound = { serverId: fromHex(given.serverId), txId: fromHex(txId), nonce, txDigest, issue };
  return deriveCode(given.secrets.code, bound, policy.digits);
}
