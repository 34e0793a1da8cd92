import {
  decodeContent,
  equalBytes,
  isKind,
  Kind,
  Label,
  renderAccount,
  renderFields,
  txDigestOf,
  type Field,
} from "@countersign/protocol";
import type { ClaimedContent } from "@countersign/proto/node/core/v1/execution_service";
import type { Booking } from "./ledger.ts";
import { typedField } from "./typed-field.ts";

/** What the bank will book for a confirmed transaction. */
export interface Order {
  readonly transactionId: string;
  readonly userId: string;
  readonly txDigest: Uint8Array;
  readonly bookings: readonly Booking[];
  /** SHA-256 of the payment file, in hexadecimal digits; "" if the order came without one. */
  readonly fileDigest: string;
}

/** A confirmed transaction that this bank will not carry out, with the sentence for the user. */
export interface Declined {
  readonly declined: string;
}

/**
 * Checks that typed fields, canonical content and digest say one and the same, then reads the order out of the fields.
 * Throws when they do not: then something on the way is broken, and neither booking nor reporting is right.
 */
export function orderOf(claimed: ClaimedContent): Order | Declined {
  const fields = claimed.fields.map(typedField);
  const content = decodeContent(Uint8Array.from(claimed.content));
  if (!isKind(claimed.kind) || claimed.kind !== content.kind) throw new Error("kind and content differ");
  const lines = renderFields(claimed.kind, fields);
  const same =
    lines.length === content.lines.length &&
    lines.every(({ label, value }, i) => label === content.lines[i]?.label && value === content.lines[i]?.value);
  if (!same) throw new Error("fields and content differ");
  const txDigest = txDigestOf(Uint8Array.from(claimed.content));
  if (!equalBytes(txDigest, Uint8Array.from(claimed.txDigest))) throw new Error("content and digest differ");
  if (claimed.kind !== Kind.PAY) return { declined: "this bank carries out payments only" };
  const { transactionId, userId } = claimed;
  return { transactionId, userId, txDigest, bookings: bookingsOf(fields), fileDigest: fileDigestOf(fields) };
}

/** One booking a payment line, or one for the whole when it is a single payment. References and banks follow their payment. */
function bookingsOf(fields: readonly Field[]): Booking[] {
  const bookings: { booking: Omit<Booking, "references" | "bank">; references: string[]; bank?: string }[] = [];
  const single = { payee: "", account: "", currency: "", minorUnits: "" };
  const isBatch = fields.some(({ label }) => label === Label.PAYMENT);
  if (!isBatch) bookings.push({ booking: single, references: [] });
  for (const { label, value } of fields) {
    const last = bookings.at(-1);
    if (value.type === "payment") {
      const { amount, account, payee } = value;
      bookings.push({ booking: { payee, account: plainAccount(account), ...money(amount) }, references: [] });
    } else if (label === Label.AMOUNT && value.type === "amount") Object.assign(single, money(value.amount));
    else if (label === Label.TO && value.type === "text") single.payee = value.text;
    else if (label === Label.ACCOUNT && value.type === "account") single.account = plainAccount(value.account);
    else if (label === Label.REFERENCE && value.type === "text") last?.references.push(value.text);
    else if (label === Label.BANK && value.type === "text" && last !== undefined) last.bank = value.text;
  }
  return bookings.map(({ booking, references, bank }) => ({
    ...booking,
    references,
    ...(bank === undefined ? {} : { bank }),
  }));
}

function money({ currency, minorUnits }: { currency: string; minorUnits: bigint }): {
  currency: string;
  minorUnits: string;
} {
  return { currency, minorUnits: minorUnits.toString() };
}

function plainAccount(account: Parameters<typeof renderAccount>[0]): string {
  return "iban" in account ? account.iban : renderAccount(account);
}

function fileDigestOf(fields: readonly Field[]): string {
  for (const { label, value } of fields) {
    if (label === Label.DIGEST && value.type === "digest") return Buffer.from(value.digest).toString("hex");
  }
  return "";
}
