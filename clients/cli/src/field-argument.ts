import { readFileSync } from "node:fs";
import {
  amountOf,
  fromHex,
  isCoreKind,
  Kind,
  Label,
  labelName,
  ProtocolError,
  sha256,
  valueTypeOf,
  type Account,
  type Amount,
  type Field,
  type FieldValue,
} from "@countersign/protocol";
import { refused } from "./cli-error.ts";

/** Kind by its registry name, in any case: `pay`, `DEPLOY`. */
export function kindArgument(text: string): Kind {
  const kind = Object.hasOwn(Kind, text.toUpperCase()) ? Kind[text.toUpperCase() as keyof typeof Kind] : undefined;
  const known = Object.fromEntries(Object.entries(Kind).filter(([, one]) => !isCoreKind(one)));
  if (kind === undefined || isCoreKind(kind))
    throw refused(`kind "${text}" cannot be asked for; one of ${names(known)}`);
  return kind;
}

/**
 * A field as `label=value`: `amount=EUR 1250.00`, `account=DE89370400440532013000`, `to=Müller GmbH`,
 * `payment=EUR 10.00|DE89…|Müller GmbH`, `digest=@build.tar` (SHA-256 of the file) or 64 hexadecimal digits,
 * `detail-1=…`. Throws a CliError naming the field.
 */
export function fieldArgument(argument: string): Field {
  const at = argument.indexOf("=");
  const name = (at < 0 ? argument : argument.slice(0, at)).toUpperCase().replaceAll("-", "_");
  const label = Object.hasOwn(Label, name) ? Label[name as keyof typeof Label] : undefined;
  if (at < 0 || label === undefined)
    throw refused(`--field ${argument}: expected label=value; labels are ${names(Label)}`);
  try {
    return { label, value: valueOf(label, argument.slice(at + 1)) };
  } catch (error) {
    if (error instanceof ProtocolError) throw refused(`--field ${labelName(label)}: ${error.message}`);
    throw error;
  }
}

function valueOf(label: Label, text: string): FieldValue {
  switch (valueTypeOf(label)) {
    case "text":
    case "ascii":
      return { type: "text", text };
    case "amount":
      return { type: "amount", amount: amount(text) };
    case "account":
      return { type: "account", account: account(text) };
    case "payment": {
      const [money = "", to = "", ...payee] = text.split("|");
      return {
        type: "payment",
        amount: amount(money.trim()),
        account: account(to.trim()),
        payee: payee.join("|").trim(),
      };
    }
    case "date":
      return { type: "date", date: text };
    case "count":
      if (!/^\d{1,9}$/.test(text)) throw new ProtocolError("bad-count", `"${text}" is no whole number`);
      return { type: "count", count: Number(text) };
    case "digest":
      return { type: "digest", digest: digestArgument(text) };
  }
}

/** `@FILE` or 64 hexadecimal digits. */
export function digestArgument(text: string): Uint8Array {
  if (text.startsWith("@")) return sha256(readFileSync(text.slice(1)));
  if (!/^[0-9a-f]{64}$/.test(text)) throw new ProtocolError("bad-digest", "expected @FILE or 64 hexadecimal digits");
  return fromHex(text);
}

function amount(text: string): Amount {
  const [, currency, number] = /^([A-Z]{3,4}) (\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (currency === undefined || number === undefined) {
    throw new ProtocolError("bad-amount", `"${text}" is no amount like EUR 1250.00`);
  }
  return amountOf(currency, number);
}

/** Two capitals and two digits begin an IBAN; spaces between its groups are how people write it. */
function account(text: string): Account {
  if (text === "none") return { notGiven: true };
  const joined = text.replaceAll(" ", "");
  return /^[A-Z]{2}\d{2}/.test(joined) ? { iban: joined } : { other: text };
}

function names(of: Readonly<Record<string, number>>): string {
  return Object.keys(of)
    .map((name) => name.toLowerCase().replaceAll("_", "-"))
    .join(", ");
}
