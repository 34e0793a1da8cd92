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
  type FieldValue,
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
  /** The user was shown that it repeats an earlier one, and confirmed that. */
  readonly isRepeat: boolean;
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
  const isRepeat = fields.some(({ label }) => label === Label.REPEAT);
  return { transactionId, userId, txDigest, bookings: bookingsOf(fields), fileDigest: fileDigestOf(fields), isRepeat };
}

/**
 * One booking a payment line, or one for the whole when it is a single payment. In a batch, account and day stand before
 * the payments they are for; bank and references follow their payment.
 */
function bookingsOf(fields: readonly Field[]): Booking[] {
  const isBatch = fields.some(({ label }) => label === Label.PAYMENT);
  const drafts: Draft[] = isBatch ? [] : [emptyDraft()];
  const group: Pick<Draft, "from" | "date"> = {};
  for (const { label, value } of fields) {
    const last = drafts.at(-1);
    if (value.type === "payment") drafts.push({ ...emptyDraft(), ...group, ...paymentPart(value) });
    else if (label === Label.FROM && value.type === "account") group.from = plainAccount(value.account);
    else if (label === Label.DATE && value.type === "date") group.date = value.date;
    else if (last !== undefined) takePart(last, label, value);
  }
  return isBatch ? drafts : drafts.map((draft) => ({ ...draft, ...group }));
}

type Draft = { -readonly [K in keyof Booking]: Booking[K] } & { references: string[] };

function emptyDraft(): Draft {
  return { payee: "", account: "", currency: "", minorUnits: "", references: [] };
}

function paymentPart({ amount, account, payee }: Extract<FieldValue, { type: "payment" }>): Partial<Draft> {
  return { payee, account: plainAccount(account), ...money(amount) };
}

/** What a line says of the payment it stands with. Totals, count and digest say nothing of a single one. */
function takePart(draft: Draft, label: Label, value: FieldValue): void {
  if (label === Label.AMOUNT && value.type === "amount") Object.assign(draft, money(value.amount));
  else if (label === Label.TO && value.type === "text") draft.payee = value.text;
  else if (label === Label.ACCOUNT && value.type === "account") draft.account = plainAccount(value.account);
  else if (label === Label.REFERENCE && value.type === "text") draft.references.push(value.text);
  else if (label === Label.BANK && value.type === "text") draft.bank = value.text;
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
