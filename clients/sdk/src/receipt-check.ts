import {
  decodeAssertion,
  equalBytes,
  isAssertion,
  parseSigned,
  ProtocolError,
  toHex,
  type Line,
} from "@countersign/protocol";
import { CoreError } from "./core-error.ts";
import type { Outcome } from "./outcome.ts";
import type { Pinned } from "./pinned.ts";
import { verifyReceipt } from "./receipt.ts";
import type { OpenTransaction } from "./transaction-view.ts";

/** What a receipt has to be of. */
export interface Confirmed {
  readonly open: OpenTransaction;
  /** The client's own lines. */
  readonly own: readonly Line[];
  /**
   * What the key signed for this client, if the transaction can have been confirmed by nothing else: else malware that
   * answers with an equal, older transaction would have its receipt pass for this one's.
   */
  readonly signed: readonly Uint8Array[] | undefined;
}

/**
 * Says EXECUTED only with a receipt in hand that the pinned core signed, of this transaction, executed, over the client's
 * own lines and what the key signed for it. Everything else is RECEIPT_UNVERIFIED: something was probably done, and the
 * phone knows.
 */
export async function checkReceipt(
  fetch: () => Promise<Uint8Array>,
  { open, own, signed }: Confirmed,
  pinned: Pinned,
): Promise<Outcome> {
  let json: Uint8Array;
  try {
    json = await fetch();
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    return { state: "RECEIPT_UNVERIFIED", why: `the core gave no receipt: ${error.message}` };
  }
  const finding = verifyReceipt(json, pinned);
  if (!finding.ok) return { state: "RECEIPT_UNVERIFIED", why: `${finding.part}: ${finding.why}` };
  const { receipt, content } = finding;
  if (toHex(receipt.txId) !== open.transactionId)
    return { state: "RECEIPT_UNVERIFIED", why: "it is of another transaction" };
  if (receipt.state !== "EXECUTED") return { state: "RECEIPT_UNVERIFIED", why: `it says ${receipt.state}` };
  if (finding.approvers.length < (open.approvalsNeeded ?? 0)) {
    return {
      state: "RECEIPT_UNVERIFIED",
      why: "others had to confirm it as well, and it does not hold their statements",
    };
  }
  if (content.kind !== open.kind || !sameLines(content.lines, own)) {
    return { state: "RECEIPT_UNVERIFIED", why: "its lines are not those that were meant" };
  }
  if (signed?.some((one) => sameStatement(one, receipt.signedStatement)) === false) {
    return { state: "RECEIPT_UNVERIFIED", why: "it is over a statement that the key did not sign now" };
  }
  return { state: "EXECUTED", receipt: { json, name: finding.name } };
}

function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  return a.length === b.length && a.every(({ label, value }, i) => label === b[i]?.label && value === b[i]?.value);
}

/** By what was signed: a signature can be spelled in two ways. `own` came through the daemon and may be anything. */
function sameStatement(own: Uint8Array, receipted: Uint8Array): boolean {
  try {
    return equalBytes(statementIn(own), statementIn(receipted));
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

function statementIn(signed: Uint8Array): Uint8Array {
  return isAssertion(signed) ? decodeAssertion(signed).statement : parseSigned(signed).payload;
}
