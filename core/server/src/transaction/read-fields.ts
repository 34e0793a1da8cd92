// Typed fields as a request brings them. A refusal names the member of the request.
import {
  isLabel,
  isReservedLabel,
  type Account,
  type Amount,
  type Field,
  type FieldValue,
} from "@countersign/protocol";
import type {
  Account as AccountMessage,
  Amount as AmountMessage,
  Field as FieldMessage,
} from "@countersign/proto/node/core/v1/content";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";

/** Reads what an app asks for; labels that the core alone sets are refused. Values are checked when they are rendered. */
export function readFields(messages: readonly FieldMessage[]): readonly Field[] | Refusal {
  const fields: Field[] = [];
  for (const [i, message] of messages.entries()) {
    const field = readField(message, `fields[${i}]`);
    if (isRefusal(field)) return field;
    fields.push(field);
  }
  return fields;
}

function readField({ label, value }: FieldMessage, path: string): Field | Refusal {
  if (!isLabel(label)) return badInput(`${path}.label`, `label ${label} is not in the registry`);
  if (isReservedLabel(label)) return badInput(`${path}.label`, "set by the core alone (reserved-label)");
  const read = readValue(value, path);
  return isRefusal(read) ? read : { label, value: read };
}

function readValue(value: FieldMessage["value"], path: string): FieldValue | Refusal {
  switch (value?.$case) {
    case "text":
      return { type: "text", text: value.value };
    case "amount": {
      const amount = readAmount(value.value, `${path}.amount`);
      return isRefusal(amount) ? amount : { type: "amount", amount };
    }
    case "account": {
      const account = readAccount(value.value, `${path}.account`);
      return isRefusal(account) ? account : { type: "account", account };
    }
    case "payment": {
      const amount = readAmount(value.value.amount, `${path}.payment.amount`);
      if (isRefusal(amount)) return amount;
      const account = readAccount(value.value.account, `${path}.payment.account`);
      return isRefusal(account) ? account : { type: "payment", amount, account, payee: value.value.payee };
    }
    case "date":
      return { type: "date", date: value.value };
    case "count":
      return { type: "count", count: value.value };
    case "digest":
      return { type: "digest", digest: new Uint8Array(value.value) };
    case undefined:
      return badInput(`${path}.value`, "exactly one value of the label's type is required");
  }
}

function readAmount(message: AmountMessage | undefined, path: string): Amount | Refusal {
  if (message === undefined) return badInput(path, "required");
  if (!/^(?:0|[1-9][0-9]{0,29})$/.test(message.minorUnits)) {
    return badInput(`${path}.minor_units`, "must be 1 to 30 digits without sign or leading zero");
  }
  return { currency: message.currency, minorUnits: BigInt(message.minorUnits) };
}

function readAccount(message: AccountMessage | undefined, path: string): Account | Refusal {
  switch (message?.id?.$case) {
    case "iban":
      return { iban: message.id.value };
    case "other":
      return { other: message.id.value };
    case "notGiven":
      return message.id.value ? { notGiven: true } : badInput(`${path}.not_given`, "must be true when it is set");
    case undefined:
      return badInput(path, "exactly one of iban, other and not_given is required");
  }
}
