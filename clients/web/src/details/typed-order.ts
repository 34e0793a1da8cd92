import { amountOf, type Field, Label, ProtocolError } from "@countersign/protocol";
import { type Order, orderOf } from "../payment/order.ts";

/** What was typed, as it was typed. */
export interface Typed {
  readonly payee: string;
  readonly account: string;
  readonly currency: string;
  readonly amount: string;
  readonly reference: string;
}

export type TypedName = keyof Typed;

/** What cannot be paid so, and the rule, by the field that it was typed into. */
export type Faults = { readonly [N in TypedName]?: string };

export const EMPTY: Typed = { payee: "", account: "", currency: "EUR", amount: "", reference: "" };

/** Whether anything was typed yet. */
export function isEmpty(typed: Typed): boolean {
  return [typed.payee, typed.account, typed.amount, typed.reference].every((text) => text.trim() === "");
}

/** A payment of what was typed, or what is wrong with it. Decimals stand behind a point or a comma; nothing is guessed. */
export function readTyped(typed: Typed): { readonly order: Order } | { readonly faults: Faults } {
  const makers: readonly (readonly [TypedName, () => Field])[] = [
    ["amount", () => amountField(typed)],
    ["payee", () => textField(Label.TO, typed.payee)],
    ["account", () => accountField(typed.account)],
    ...(typed.reference.trim() === ""
      ? []
      : [["reference", () => textField(Label.REFERENCE, typed.reference)] as const]),
  ];
  const fields: Field[] = [];
  let faults: Faults = {};
  for (const [name, make] of makers) {
    const made = tried(() => orderable(make()));
    if (typeof made === "string") faults = { ...faults, [name]: made };
    else fields.push(made);
  }
  if (Object.keys(faults).length > 0) return { faults };
  const order = tried(() => orderOf(fields));
  return typeof order === "string" ? { faults: { reference: order } } : { order };
}

function amountField({ currency, amount }: Typed): Field {
  const plain = amount.replaceAll(/[\s\u00a0\u202f]/g, "").replace(/,(?=\d*$)/, ".");
  const value = amountOf(currency, plain);
  if (value.minorUnits === 0n) throw new ProtocolError("bad-amount", "an amount of nothing");
  return { label: Label.AMOUNT, value: { type: "amount", amount: value } };
}

function textField(label: Label, text: string): Field {
  const trimmed = text.trim();
  if (trimmed === "") throw new ProtocolError("bad-field", "nothing stands there");
  return { label, value: { type: "text", text: trimmed } };
}

function accountField(text: string): Field {
  const iban = text.replaceAll(/\s/g, "").toUpperCase();
  return { label: Label.ACCOUNT, value: { type: "account", account: { iban } } };
}

/** What stands in a payment of its own shows whether it can be shown. */
function orderable(field: Field): Field {
  const filler: readonly Field[] = [
    { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 1n } } },
    { label: Label.TO, value: { type: "text", text: "A" } },
    { label: Label.ACCOUNT, value: { type: "account", account: { notGiven: true } } },
  ];
  const others = filler.filter(({ label }) => label !== field.label);
  orderOf([...others, field]);
  return field;
}

function tried<T>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.field === undefined ? error.message : error.message.slice(error.field.length + 2);
  }
}
