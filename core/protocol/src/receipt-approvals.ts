import { equalBytes, toHex } from "./bytes.ts";
import { txDigestOf } from "./content.ts";
import { checkProof, ReceiptFailure, type ReceiptProof, type Signed } from "./receipt-proof.ts";
import type { Receipt, ReceiptApproval } from "./receipt.ts";
import { Decision, type Statement } from "./statement.ts";

/** What one signature says; `txId`: of whose transaction. Throws ReceiptFailure unless it approves this very content. */
export function checkApproves(
  { serverId, content }: Pick<Receipt, "serverId" | "content">,
  txId: Uint8Array,
  signed: Signed,
): { readonly statement: Statement; readonly proof: ReceiptProof } {
  const part = "signedStatement";
  const found = checkProof(signed);
  const { statement } = found;
  if (statement.decision !== Decision.APPROVE) throw new ReceiptFailure(part, "the user rejected");
  if (!equalBytes(statement.serverId, serverId)) throw new ReceiptFailure(part, "for another installation");
  if (!equalBytes(statement.txId, txId)) throw new ReceiptFailure(part, "for another transaction");
  if (!equalBytes(statement.txDigest, txDigestOf(content))) throw new ReceiptFailure(part, "over other content");
  return found;
}

/** One approver of a receipt that holds. */
export interface Approver {
  readonly user: string;
  readonly keyId: Uint8Array;
  readonly proof: ReceiptProof;
}

/**
 * As many other people as it took: distinct users, none of them the one who asked; distinct keys and transactions; each
 * signed an approval of this very content. Throws ReceiptFailure naming `approvals`. That a key is that user's is the core's
 * word, which it countersigned.
 */
export function checkApprovals(receipt: Receipt): readonly Approver[] {
  const { approvals } = receipt;
  if (approvals === undefined) return [];
  const { user, needed, given } = approvals;
  if (needed < 1) refuse("nobody was needed");
  if (given.length < needed) refuse(`${given.length} approved, and ${needed} have to`);
  checkDistinct("user", [user, ...given.map((one) => one.user)]);
  checkDistinct("transaction", [receipt.txId, ...given.map(({ txId }) => txId)].map(toHex));
  checkDistinct(
    "key id",
    [receipt.key, ...given.map(({ key }) => key)].map(({ keyId }) => toHex(keyId)),
  );
  checkDistinct(
    "key",
    [receipt.key, ...given.map(({ key }) => key)].map(({ publicKey }) => toHex(publicKey)),
  );
  return given.map((one) => checkOne(receipt, one));
}

function checkOne(receipt: Receipt, { user, txId, signedStatement, key }: ReceiptApproval): Approver {
  try {
    const { proof } = checkApproves(receipt, txId, { key, signedStatement });
    return { user, keyId: key.keyId, proof };
  } catch (error) {
    if (error instanceof ReceiptFailure) return refuse(`${user}: ${error.message}`);
    throw error;
  }
}

function checkDistinct(what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`the ${what} ${twice.slice(0, 64)} stands in it twice`);
}

function refuse(why: string): never {
  throw new ReceiptFailure("approvals", why);
}
