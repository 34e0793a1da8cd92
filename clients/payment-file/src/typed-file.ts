import { exponentOf, type Account, type Amount } from "@countersign/protocol";
import { scaledInteger } from "./decimal.ts";
import { childAt, childrenOf, textAt, type Element, type Sourced } from "./element.ts";
import type { Findings } from "./findings.ts";
import { bankOf } from "./payee-bank.ts";
import type { Payment, PaymentGroup } from "./payment-file.ts";
import { addressOf, purposeOf, referencesOf, serviceOf } from "./payment-text.ts";

/** The payment groups of a document that passed the allow-list; what does not fit together goes to `findings`. */
export function typedGroups(root: Element, findings: Findings): PaymentGroup[] {
  const initiation = childAt(root, "CstmrCdtTrfInitn");
  const groups = initiation === undefined ? [] : childrenOf(initiation, "PmtInf");
  return groups.flatMap((group) => typedGroup(group, findings) ?? []);
}

function typedGroup(group: Element, findings: Findings): PaymentGroup | undefined {
  const payments = childrenOf(group, "CdtTrfTxInf").flatMap((payment) => typedPayment(payment, group, findings) ?? []);
  const from = accountOf(group, "DbtrAcct", findings);
  const date = textAt(group, "ReqdExctnDt", "Dt") ?? textAt(group, "ReqdExctnDt");
  if (from === undefined || date === undefined) return undefined; // its absence is a finding of the reader
  if ("notGiven" in from.value) findings.add(from.element, "names no account to pay from");
  checkAccountCurrency(group, "DbtrAcct", payments, findings);
  return { element: group, from, date, purpose: purposeOf(group), service: serviceOf(group), payments };
}

function typedPayment(payment: Element, group: Element, findings: Findings): Payment | undefined {
  const amount = amountOf(payment, findings);
  const payee = textAt(payment, "Cdtr", "Nm");
  const account = accountOf(payment, "CdtrAcct", findings) ?? { value: { notGiven: true }, element: payment };
  if (amount === undefined || payee === undefined) return undefined;
  const bank = bankOf(payment, account.value);
  const notGiven = "notGiven" in account.value;
  if (notGiven && bank === undefined) findings.add(payment, "names neither the payee's account nor his bank");
  const ownType = childAt(payment, "PmtTpInf");
  if (ownType !== undefined && childAt(group, "PmtTpInf") !== undefined) {
    findings.add(ownType, "stands both here and in PmtInf; leave one");
  }
  const made: Payment = {
    element: payment,
    amount,
    payee,
    account,
    bank,
    address: notGiven ? addressOf(payment) : undefined,
    references: referencesOf(payment),
    purpose: purposeOf(payment),
    service: serviceOf(payment),
  };
  checkAccountCurrency(payment, "CdtrAcct", [made], findings);
  checkAccountName(payment, payee.value, findings);
  return made;
}

/** Of ISO 4217; the registry also holds other assets, which payment files cannot carry. */
const MOST_DECIMALS = 4;

function amountOf(payment: Element, findings: Findings): Sourced<Amount> | undefined {
  const element = childAt(payment, "Amt", "InstdAmt");
  if (element === undefined) return undefined;
  const currency = element.attributes.get("Ccy") ?? "";
  const exponent = exponentOf(currency);
  if (exponent === undefined || currency.length !== 3 || exponent > MOST_DECIMALS) {
    findings.add(element, "has a currency that ISO 4217 does not list");
    return undefined;
  }
  const minorUnits = scaledInteger(element.text, exponent);
  if (minorUnits === undefined) findings.add(element, `has more decimals than ${currency} has (${exponent})`);
  else if (minorUnits === 0n) findings.add(element, "is zero");
  else return { value: { currency, minorUnits }, element };
  return undefined;
}

/** IBAN or other number; an account element without either says that no account is given. */
function accountOf(owner: Element, name: string, findings: Findings): Sourced<Account> | undefined {
  const element = childAt(owner, name);
  if (element === undefined) return undefined;
  const iban = childAt(element, "Id", "IBAN");
  const other = childAt(element, "Id", "Othr", "Id");
  if (iban !== undefined && other !== undefined) findings.add(other, "stands beside an IBAN; leave one");
  if (iban !== undefined) return { value: { iban: iban.text }, element: iban };
  if (other !== undefined) return { value: { other: other.text }, element: other };
  return { value: { notGiven: true }, element };
}

/** The currency of an account may pick a sub-account, and no line shows it: it must be the payment's own. */
function checkAccountCurrency(owner: Element, name: string, payments: readonly Payment[], findings: Findings): void {
  const currency = textAt(owner, name, "Ccy");
  if (currency === undefined) return;
  const other = payments.find((payment) => payment.amount.value.currency !== currency.value);
  if (other !== undefined) {
    findings.add(currency.element, `differs from the currency of ${other.element.path}, and no line shows it`);
  }
}

function checkAccountName(payment: Element, payee: string, findings: Findings): void {
  const name = textAt(payment, "CdtrAcct", "Nm");
  if (name !== undefined && name.value !== payee)
    findings.add(name.element, "differs from Cdtr/Nm, and no line shows it");
}
