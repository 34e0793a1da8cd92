import { codeDeriver, fromHex, type Code } from "@countersign/protocol";
import { codeKeyOf } from "./code-key.ts";
import type { CoreGiven } from "../given.ts";
import type { Issue, Transaction } from "../transaction/transaction.ts";

/** The code of an issue, as long as the transaction's policy wants it. Derived when it is needed and never kept. */
export function codeOf(given: CoreGiven, transaction: Transaction, issue: Issue): Code {
  return codesOf(given, transaction)(issue);
}

/** The same for several issues of one transaction. */
export function codesOf(given: CoreGiven, { txId, nonce, txDigest, policy }: Transaction): (issue: Issue) => Code {
  const bound = { serverId: fromHex(given.serverId), txId: fromHex(txId), nonce, txDigest };
  return codeDeriver(codeKeyOf(given.secrets, txId), bound, policy.digits);
}
