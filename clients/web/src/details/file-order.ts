import { CAPS, PaymentFileError, readPaymentFile } from "@countersign/payment-file";
import { type Order, orderOf } from "../payment/order.ts";

/** A payment file that was chosen: what it asks for, or why it is not taken. */
export type FileRead =
  | { readonly name: string; readonly order: Order }
  | { readonly name: string; readonly findings: PaymentFileError["findings"] };

/** Reads a payment file in the page; nothing of it is sent anywhere. */
export async function readOrderFile(file: File): Promise<FileRead> {
  const { name } = file;
  if (file.size > CAPS.bytes)
    return { name, findings: [{ element: "file", rule: `longer than ${CAPS.bytes} bytes`, line: 0 }] };
  try {
    const { fields, payload } = readPaymentFile(new Uint8Array(await file.arrayBuffer()));
    return { name, order: orderOf(fields, payload) };
  } catch (error) {
    if (error instanceof PaymentFileError) return { name, findings: error.findings };
    throw error;
  }
}
