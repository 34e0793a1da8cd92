import type { Account } from "../account.ts";
import type { Amount } from "../amount.ts";
import { fromHex, toHex } from "../bytes.ts";
import type { Field, FieldValue } from "../field.ts";
import type { Label } from "../label.ts";

// Typed fields as JSON carries them: minor units are decimal strings, digests hexadecimal.

/** An amount with its minor units as a string. */
interface AmountNotation {
  readonly currency: string;
  readonly minorUnits: string;
}

/** A field value as JSON carries it. */
type ValueNotation =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "amount"; readonly amount: AmountNotation }
  | { readonly type: "account"; readonly account: Account }
  | { readonly type: "payment"; readonly amount: AmountNotation; readonly account: Account; readonly payee: string }
  | { readonly type: "date"; readonly date: string }
  | { readonly type: "count"; readonly count: number }
  | { readonly type: "digest"; readonly digest: string };

/** A field as JSON carries it. */
export interface FieldNotation {
  readonly label: Label;
  readonly value: ValueNotation;
}

/** The field of a notation. */
export function fieldOf({ label, value }: FieldNotation): Field {
  return { label, value: valueOf(value) };
}

function valueOf(value: ValueNotation): FieldValue {
  switch (value.type) {
    case "amount":
      return { type: "amount", amount: amountOf(value.amount) };
    case "payment":
      return { ...value, amount: amountOf(value.amount) };
    case "digest":
      return { type: "digest", digest: fromHex(value.digest) };
    case "text":
    case "account":
    case "date":
    case "count":
      return value;
  }
}

function amountOf({ currency, minorUnits }: AmountNotation): Amount {
  return { currency, minorUnits: BigInt(minorUnits) };
}

/** Short ways to write fields in vectors. */
export const write = {
  text: (label: Label, text: string): FieldNotation => ({ label, value: { type: "text", text } }),
  amount: (label: Label, currency: string, minorUnits: string): FieldNotation => {
    return { label, value: { type: "amount", amount: { currency, minorUnits } } };
  },
  iban: (label: Label, iban: string): FieldNotation => ({ label, value: { type: "account", account: { iban } } }),
  other: (label: Label, other: string): FieldNotation => ({ label, value: { type: "account", account: { other } } }),
  notGiven: (label: Label): FieldNotation => ({ label, value: { type: "account", account: { notGiven: true } } }),
  date: (label: Label, date: string): FieldNotation => ({ label, value: { type: "date", date } }),
  count: (label: Label, count: number): FieldNotation => ({ label, value: { type: "count", count } }),
  digest: (label: Label, digest: Uint8Array): FieldNotation => {
    return { label, value: { type: "digest", digest: toHex(digest) } };
  },
  payment: (label: Label, currency: string, minorUnits: string, account: Account, payee: string): FieldNotation => {
    return { label, value: { type: "payment", amount: { currency, minorUnits }, account, payee } };
  },
} as const;
