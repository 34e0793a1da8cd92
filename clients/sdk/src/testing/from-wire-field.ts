import type { Account, Amount, Field, FieldValue } from "@countersign/protocol";
import type {
  Account as WireAccount,
  Amount as WireAmount,
  Field as WireField,
} from "@countersign/proto/web/core/v1/content";

/** The typed field behind a wire field, as a core reads it. Throws for what no SDK sends. */
export function fromWireField(field: WireField): Field {
  return { label: field.label as never, value: valueOf(field.value) };
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
      throw new Error("a field without value");
  }
}

function amountOf(amount: WireAmount | undefined): Amount {
  if (amount === undefined) throw new Error("no amount");
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
      throw new Error("no account");
  }
}
