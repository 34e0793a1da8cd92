import {
  fromHex,
  receiptNumberOf,
  txDigestOf,
  verifyReceipt as verify,
  type ReceiptFinding,
} from "@countersign/protocol";
import type { Pinned } from "./pinned.ts";

/** A receipt that holds, with what it says and the name that people know it by; or what fails, for a person. */
export type NamedFinding =
  | (Extract<ReceiptFinding, { readonly ok: true }> & {
      /** Such as `7F3A-91C2`. */
      readonly name: string;
    })
  | Extract<ReceiptFinding, { readonly ok: false }>;

/**
 * Checks a receipt file offline against the installation that was pinned at set-up. Whose transaction it is, and that its
 * state is EXECUTED, is the caller's to compare. Never throws for bad input.
 */
export function verifyReceipt(json: Uint8Array, pinned: Pinned): NamedFinding {
  const finding = verify(json, { serverId: fromHex(pinned.serverId), publicKeys: [...pinned.publicKeys] });
  if (!finding.ok) return finding;
  return { ...finding, name: receiptNumberOf(finding.receipt.txId, txDigestOf(finding.receipt.content)) };
}
