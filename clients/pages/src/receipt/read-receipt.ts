import {
  fromHex,
  MAX_RECEIPT,
  type ReceiptFinding,
  receiptNumberOf,
  toHex,
  txDigestOf,
  verifyReceipt,
  type Line,
} from "@countersign/protocol";

/** Who the core is: pinned at set-up, never taken from a receipt. */
export interface PinnedHex {
  /** 32 hexadecimal digits. */
  readonly serverId: string;
  /** Hexadecimal COSE keys of the core, the current one and former ones. */
  readonly coreKeys: readonly string[];
}

/** A receipt that holds, as it is read; or the part of it that does not. */
export type ReadReceipt =
  | {
      readonly ok: true;
      /** Short name, e.g. `7F3A-91C2`. */
      readonly name: string;
      readonly state: string;
      /** As it stands there: UTC, to the second. */
      readonly time: string;
      readonly issuer: string;
      readonly transactionId: string;
      readonly keyId: string;
      /** The key showed nothing and this PC saw the code: weaker. */
      readonly isWeaker: boolean;
      readonly approvers: readonly string[];
      readonly lines: readonly Line[];
    }
  | { readonly ok: false; readonly part: string; readonly why: string };

/** Checks a receipt file in the page, with nobody asked. Never throws for bad input. */
export function readReceipt(json: Uint8Array, { serverId, coreKeys }: PinnedHex): ReadReceipt {
  if (json.length > MAX_RECEIPT) return { ok: false, part: "format", why: `longer than ${MAX_RECEIPT} bytes` };
  const pinned = { serverId: fromHex(serverId), publicKeys: coreKeys.map(fromHex) };
  const finding: ReceiptFinding = verifyReceipt(json, pinned);
  if (!finding.ok) return finding;
  const { receipt, content, proof, approvers } = finding;
  return {
    ok: true,
    name: receiptNumberOf(receipt.txId, txDigestOf(receipt.content)),
    state: receipt.state,
    time: receipt.time,
    issuer: content.issuer,
    transactionId: toHex(receipt.txId),
    keyId: toHex(receipt.key.keyId),
    isWeaker: proof.kind === "assertion",
    approvers: approvers.map(({ user }) => user),
    lines: content.lines,
  };
}
