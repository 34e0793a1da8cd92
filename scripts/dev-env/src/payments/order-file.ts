import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { painXml, reference } from "@countersign/payment-file/testing";
import { sha256, toHex } from "@countersign/protocol";

/** Two payments of one account on one day, which nobody ordered before. */
export interface OrderFile {
  readonly file: string;
  /** SHA-256 of the file. */
  readonly digest: string;
  /** What the bank's ledger gains by it, byte for byte. */
  ledgerText(transactionId: string, userId: string): string;
}

/** `number` makes it another one; `amounts` are EUR cents of the two payments. */
export function writeOrder(
  folder: string,
  number: number,
  amounts: readonly [number, number] = [60_000, 4205],
): OrderFile {
  const payees = [
    { payee: "Müller GmbH", account: "DE89370400440532013000", text: `Order ${number}a` },
    { payee: "Jansen Metaal BV", account: "NL91ABNA0417164300", text: `Order ${number}b` },
  ];
  const payments = payees.map(({ payee, account, text }, i) => ({
    name: payee,
    amount: ((amounts[i] ?? 0) / 100).toFixed(2),
    account: `<Id><IBAN>${account}</IBAN></Id>`,
    after: reference(text),
  }));
  const bytes = painXml({ groups: [{ payments }] });
  const file = join(folder, `order-${number}.xml`);
  writeFileSync(file, bytes);
  const digest = toHex(sha256(bytes));
  return {
    file,
    digest,
    ledgerText: (transactionId, userId) => {
      const lines: object[] = payees.map(({ payee, account, text }, i) => ({
        ...{ type: "payment", transactionId, index: i + 1, payee, account, currency: "EUR" },
        ...{ minorUnits: String(amounts[i]), references: [text], from: "AT611904300234573201", date: "2026-11-30" },
      }));
      const reference = `ACME-${transactionId.slice(-12).toUpperCase()}`;
      lines.push({ type: "transaction", transactionId, userId, payments: 2, digest, reference });
      return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    },
  };
}
