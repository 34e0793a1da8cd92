import { readFileSync } from "node:fs";
import { readPaymentFile } from "@countersign/payment-file";
import { labelName } from "@countersign/protocol";

/** What a user means by a payment file, in words: one `Label: value` a line. "" for a file that would be refused. */
export function meantByFile(file: string): string {
  try {
    const { lines } = readPaymentFile(readFileSync(file));
    return lines.map(({ label, value }) => `${labelName(label)}: ${value}`).join("\n");
  } catch {
    return "";
  }
}
