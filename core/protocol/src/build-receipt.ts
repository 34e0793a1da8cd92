import { checkLength } from "./byte-length.ts";
import { signMessage, SignatureType } from "./cose.ts";
import { checkTime, type Receipt, receiptClaims } from "./receipt.ts";
import { writeReceiptFile } from "./receipt-file.ts";

/** Countersigns a receipt and writes its JSON file. `sign` returns raw r‖s by the core's receipt key `coreKeyId`. */
export function buildReceipt(
  receipt: Receipt,
  coreKeyId: Uint8Array,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  checkLength(receipt.serverId, 16, "serverId");
  checkLength(receipt.txId, 16, "txId");
  checkLength(receipt.key.keyId, 16, "key.keyId");
  for (const { txId, key } of receipt.approvals?.given ?? []) {
    checkLength(txId, 16, "approvals.txId");
    checkLength(key.keyId, 16, "approvals.keyId");
  }
  checkTime(receipt.time);
  const countersignature = signMessage(SignatureType.RECEIPT, coreKeyId, receiptClaims(receipt), sign);
  return writeReceiptFile({ receipt, coreKeyId, countersignature });
}
