import type { Account, Amount, Field, FieldValue } from "@countersign/protocol";
import type {
  Account as WireAccount,
  Amount as WireAmount,
  Field as WireField,
} from "@countersign/proto/node/core/v1/content";

/** The typed field behind what came over the wire. Throws when a part is absent: nothing is executed from it then. */
export function typedField(field: WireField): Field {
  return { label: field.label as Field["label"], value: valueOf(field.value) }; // renderFields refuses unknown labels
}

function valueOf(value: WireField["value"]): FieldValue {
  switch (value?.$case) {
    case "text":
      return { type: "text", text: value.value };
    case "amount":
      return { type: "amount", amount: amountOf(value.value) };
    case "account":
      return { type: "account", account: accountOf(value.value) };
    case "payment": {
      const { amount, account, payee } = value.value;
      return { type: "payment", amount: amountOf(amount), account: accountOf(account), payee };
    }
    case "date":
      return { type: "date", date: value.value };
    case "count":
      return { type: "count", count: value.value };
    case "digest":
      return { type: "digest", digest: Uint8Array.from(value.value) };
    case undefined:
      throw new Error("a field has no value");
  }
}

function amountOf(amount: WireAmount | undefined): Amount {
  if (amount === undefined || !/^\d{1,30}$/.test(amount.minorUnits)) throw new Error("a field has no amount");
  return { currency: amount.currency, minorUnits: BigInt(amount.minorUnits) };
}

function accountOf(account: WireAccount | undefined): Account {
  switch (account?.id?.$case) {
    case "iban":
      return { iban: account.id.value };
    case "other":
      return { other: account.id.value };
    case "notGiven":
      return { notGiven: true };
    case undefined:
      throw new Error("a field has no account");
  }
}
