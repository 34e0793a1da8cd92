import { fromHex, receiptNumberOf, toHex, txDigestOf, verifyReceipt, type Line } from "@countersign/protocol";
import { CoreError } from "./core-error.ts";
import type { Outcome } from "./outcome.ts";
import type { OpenTransaction } from "./transaction-view.ts";

/** The core installation as it was pinned at set-up. */
export interface Pinned {
  /** 32 lower-case hexadecimal digits. */
  readonly serverId: string;
  /** COSE_Key bytes of the core's receipt keys: the current one and, after a change of keys, older ones. */
  readonly publicKeys: readonly Uint8Array[];
}

/**
 * Says EXECUTED only with a receipt in hand that the pinned core signed, of this transaction, executed, over the client's
 * own lines. Everything else is RECEIPT_UNVERIFIED: something was probably done, and the phone knows.
 */
export async function checkReceipt(
  fetch: () => Promise<Uint8Array>,
  open: OpenTransaction,
  own: readonly Line[],
  pinned: Pinned,
): Promise<Outcome> {
  let json: Uint8Array;
  try {
    json = await fetch();
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    return { state: "RECEIPT_UNVERIFIED", why: `the core gave no receipt: ${error.message}` };
  }
  const finding = verifyReceipt(json, { serverId: fromHex(pinned.serverId), publicKeys: [...pinned.publicKeys] });
  if (!finding.ok) return { state: "RECEIPT_UNVERIFIED", why: `${finding.part}: ${finding.why}` };
  const { receipt, content } = finding;
  if (toHex(receipt.txId) !== open.transactionId)
    return { state: "RECEIPT_UNVERIFIED", why: "it is of another transaction" };
  if (receipt.state !== "EXECUTED") return { state: "RECEIPT_UNVERIFIED", why: `it says ${receipt.state}` };
  if (!sameLines(content.lines, own)) {
    return { state: "RECEIPT_UNVERIFIED", why: "its lines are not those that were meant" };
  }
  return { state: "EXECUTED", receipt: { json, name: receiptNumberOf(receipt.txId, txDigestOf(receipt.content)) } };
}

function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  return a.length === b.length && a.every(({ label, value }, i) => label === b[i]?.label && value === b[i]?.value);
}
