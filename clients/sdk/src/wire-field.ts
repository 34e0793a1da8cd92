import type { Account, Amount, Field, FieldValue } from "@countersign/protocol";
import {
  Account as WireAccount,
  Amount as WireAmount,
  Field as WireField,
  Payment as WirePayment,
} from "@countersign/proto/web/core/v1/content";

/** A typed field as it travels in requests. */
export function toWireField(field: Field): WireField {
  return WireField.create({ label: field.label, value: wireValue(field.value) });
}

function wireValue(value: FieldValue): WireField["value"] {
  switch (value.type) {
    case "text":
      return { $case: "text", value: value.text };
    case "amount":
      return { $case: "amount", value: wireAmount(value.amount) };
    case "account":
      return { $case: "account", value: wireAccount(value.account) };
    case "payment":
      return {
        $case: "payment",
        value: WirePayment.create({
          amount: wireAmount(value.amount),
          account: wireAccount(value.account),
          payee: value.payee,
        }),
      };
    case "date":
      return { $case: "date", value: value.date };
    case "count":
      return { $case: "count", value: value.count };
    case "digest":
      return { $case: "digest", value: value.digest };
  }
}

function wireAmount(amount: Amount): WireAmount {
  return WireAmount.create({ currency: amount.currency, minorUnits: amount.minorUnits.toString() });
}

function wireAccount(account: Account): WireAccount {
  if ("iban" in account) return WireAccount.create({ id: { $case: "iban", value: account.iban } });
  if ("other" in account) return WireAccount.create({ id: { $case: "other", value: account.other } });
  return WireAccount.create({ id: { $case: "notGiven", value: true } });
}
