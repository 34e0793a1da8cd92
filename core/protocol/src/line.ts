import { parseAccount, renderAccount } from "./account.ts";
import { parseAmount, renderAmount } from "./amount.ts";
import { fromHex, toHex } from "./bytes.ts";
import { checkDate } from "./calendar-date.ts";
import type { Field, FieldValue, Line } from "./field.ts";
import { type ValueType, valueTypeOf } from "./label.ts";
import { ProtocolError } from "./protocol-error.ts";
import { checkSafeText } from "./safe-text.ts";

// One line each way. renderValue and parseLine are inverse to each other: that is what makes rendering injective.
//
//   amount    EUR 1 250.00
//   account   DE89 3704 0044 0532 0130 00 | other identifier | none given
//   payment   amount " | " account " | " payee         neither amount nor account can hold "|", the payee no " | "
//   date      2026-11-30        count  17
//   digest    64 hexadecimal digits in 8 groups of 8    docs/protocol/content.md section 3

/** Code points of a value. */
export const MAX_VALUE = 140;

const BETWEEN = " | ";
const EIGHTS = /(.{8})(?=.)/g;
const DIGEST = /^[0-9a-f]{8}(?: [0-9a-f]{8}){7}$/;
const COUNT = /^(?:0|[1-9]\d{0,9})$/;
const MAX_COUNT = 0xffff_ffff;

/** The line's text for a value of the label's type. `field` names the value in errors. */
export function renderValue(value: FieldValue, type: ValueType, field: string): string {
  if (value.type !== (type === "ascii" ? "text" : type)) {
    throw new ProtocolError("wrong-type", `expected a value of type ${type === "ascii" ? "text" : type}`, { field });
  }
  switch (value.type) {
    case "text":
      checkSafeText(value.text, { ascii: type === "ascii", maxCodePoints: MAX_VALUE, field });
      return value.text;
    case "amount":
      return renderAmount(value.amount, field);
    case "account":
      return renderAccount(value.account, field);
    case "payment":
      return renderPayment(value, field);
    case "date":
      checkDate(value.date, field);
      return value.date;
    case "count":
      return renderCount(value.count, field);
    case "digest":
      return renderDigest(value.digest, field);
  }
}

/** The typed field that renders to this line; throws for a line that no field renders to. */
export function parseLine(line: Line, field = "line"): Field {
  return { label: line.label, value: parseValue(line.value, valueTypeOf(line.label), field) };
}

function parseValue(text: string, type: ValueType, field: string): FieldValue {
  switch (type) {
    case "text":
    case "ascii":
      checkSafeText(text, { ascii: type === "ascii", maxCodePoints: MAX_VALUE, field });
      return { type: "text", text };
    case "amount":
      return { type, amount: parseAmount(text, field) };
    case "account":
      return { type, account: parseAccount(text, field) };
    case "payment":
      return parsePayment(text, field);
    case "date":
      checkDate(text, field);
      return { type, date: text };
    case "count":
      return { type, count: parseCount(text, field) };
    case "digest":
      return { type, digest: parseDigest(text, field) };
  }
}

type Payment = Extract<FieldValue, { type: "payment" }>;

function renderPayment(payment: Payment, field: string): string {
  const payee = checkedPayee(payment.payee, field);
  const text = [renderAmount(payment.amount, field), renderAccount(payment.account, field), payee].join(BETWEEN);
  return withinLimit(text, field);
}

function parsePayment(text: string, field: string): Payment {
  const [amount, account, payee, more] = withinLimit(text, field).split(BETWEEN);
  if (account === undefined || payee === undefined || more !== undefined) {
    throw new ProtocolError("bad-payee", 'expected amount, account and payee between " | "', { field });
  }
  return {
    type: "payment",
    amount: parseAmount(amount!, field),
    account: parseAccount(account, field),
    payee: checkedPayee(payee, field),
  };
}

function checkedPayee(payee: string, field: string): string {
  checkSafeText(payee, { maxCodePoints: MAX_VALUE, field });
  if (!payee.includes(BETWEEN)) return payee;
  throw new ProtocolError("bad-payee", 'a payee may not contain " | ", which divides the line', { field });
}

// Code points, not UTF-16 units: only a payee can hold characters outside the basic plane.
function withinLimit(text: string, field: string): string {
  if (text.length <= MAX_VALUE || Array.from(text).length <= MAX_VALUE) return text;
  throw new ProtocolError("too-long", `longer than ${MAX_VALUE} characters; shorten it or split`, { field });
}

function renderCount(count: number, field: string): string {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_COUNT) return String(count);
  throw new ProtocolError("bad-count", `expected an integer from 0 to ${MAX_COUNT}`, { field });
}

function parseCount(text: string, field: string): number {
  const count = COUNT.test(text) ? Number(text) : Number.NaN;
  if (count <= MAX_COUNT) return count;
  throw new ProtocolError("bad-count", `expected a decimal integer from 0 to ${MAX_COUNT}`, { field });
}

function renderDigest(digest: Uint8Array, field: string): string {
  if (digest.length === 32) return toHex(digest).replace(EIGHTS, "$1 ");
  throw new ProtocolError("bad-digest", "expected the 32 bytes of a SHA-256", { field });
}

function parseDigest(text: string, field: string): Uint8Array {
  if (DIGEST.test(text)) return fromHex(text.replaceAll(" ", ""));
  throw new ProtocolError("bad-digest", "expected 64 lower-case hexadecimal digits in groups of 8", { field });
}
