import type {
  Account as WireAccount,
  Amount as WireAmount,
  Field as WireField,
} from "@countersign/proto/node/core/v1/content";
import type { Account, Amount, Field, FieldValue, Label } from "@countersign/protocol";

/** The fields of a Create request as the renderer takes them. */
export function fieldsOf(fields: readonly WireField[]): Field[] {
  return fields.map(({ label, value }) => ({ label: label as Label, value: valueOf(value) }));
}

function valueOf(value: WireField["value"]): FieldValue {
  switch (value?.$case) {
    case "text":
      return { type: "text", text: value.value };
    case "amount":
      return { type: "amount", amount: amountOf(value.value) };
    case "account":
      return { type: "account", account: accountOf(value.value) };
    case "payment":
      return {
        type: "payment",
        amount: amountOf(value.value.amount),
        account: accountOf(value.value.account),
        payee: value.value.payee,
      };
    case "date":
      return { type: "date", date: value.value };
    case "count":
      return { type: "count", count: value.value };
    case "digest":
      return { type: "digest", digest: value.value };
    case undefined:
      throw new Error("a field without a value cannot be rendered");
  }
}

function amountOf(amount: WireAmount | undefined): Amount {
  return { currency: amount?.currency ?? "", minorUnits: BigInt(amount?.minorUnits ?? "0") };
}

function accountOf(account: WireAccount | undefined): Account {
  switch (account?.id?.$case) {
    case "iban":
      return { iban: account.id.value };
    case "other":
      return { other: account.id.value };
    case "notGiven":
    case undefined:
      return { notGiven: true };
  }
}
