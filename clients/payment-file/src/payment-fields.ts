import { Label, type Amount, type Field, type FieldValue } from "@countersign/protocol";
import type { Element, Sourced } from "./element.ts";
import type { Payment, PaymentFile, PaymentGroup } from "./payment-file.ts";

/** A field of the transaction with the element it came from. */
export interface SourcedField {
  readonly field: Field;
  /** Undefined for totals and counts, which come from the whole file. */
  readonly element: Element | undefined;
}

/**
 * The file as the fields of a PAY transaction, in the order of display. One payment: its amount, payee, account and the
 * rest in lines of their own. A batch: every payment in a line, under the account and day of its group, then totals and
 * count. The digest line is the core's work, from the payload.
 */
export function paymentFields(file: PaymentFile): SourcedField[] {
  const [group] = file.groups;
  const [payment] = group?.payments ?? [];
  const single = file.groups.length === 1 && group?.payments.length === 1;
  if (single && group !== undefined && payment !== undefined) return singleFields(group, payment);
  return [...file.groups.flatMap(groupFields), ...totals(file)];
}

function singleFields(group: PaymentGroup, payment: Payment): SourcedField[] {
  return [
    of(Label.AMOUNT, payment.amount, (amount) => ({ type: "amount", amount })),
    ...text(Label.TO, payment.payee),
    of(Label.ACCOUNT, payment.account, (account) => ({ type: "account", account })),
    ...details(payment),
    ...text(Label.PURPOSE, group.purpose),
    ...text(Label.DETAIL_1, group.service),
    ...source(group),
  ];
}

function groupFields(group: PaymentGroup): SourcedField[] {
  return [
    ...source(group),
    ...text(Label.PURPOSE, group.purpose),
    ...text(Label.DETAIL_1, group.service),
    ...group.payments.flatMap(paymentOfBatch),
  ];
}

function paymentOfBatch(payment: Payment): SourcedField[] {
  const value: FieldValue = {
    type: "payment",
    amount: payment.amount.value,
    account: payment.account.value,
    payee: payment.payee.value,
  };
  return [{ field: { label: Label.PAYMENT, value }, element: payment.element }, ...details(payment)];
}

function source(group: PaymentGroup): SourcedField[] {
  return [
    of(Label.FROM, group.from, (account) => ({ type: "account", account })),
    of(Label.DATE, group.date, (date) => ({ type: "date", date })),
  ];
}

function details(payment: Payment): SourcedField[] {
  return [
    ...text(Label.BANK, payment.bank),
    ...text(Label.DETAIL_2, payment.address),
    ...payment.references.flatMap((reference) => text(Label.REFERENCE, reference)),
    ...text(Label.PURPOSE, payment.purpose),
    ...text(Label.DETAIL_1, payment.service),
  ];
}

function totals(file: PaymentFile): SourcedField[] {
  const sums = new Map<string, bigint>();
  const amounts = file.groups.flatMap((group) => group.payments.map((payment) => payment.amount.value));
  for (const { currency, minorUnits } of amounts) sums.set(currency, (sums.get(currency) ?? 0n) + minorUnits);
  const lines = [...sums].map(([currency, minorUnits]) => totalOf({ currency, minorUnits }));
  const count: Field = { label: Label.COUNT, value: { type: "count", count: amounts.length } };
  return [...lines, { field: count, element: undefined }];
}

function totalOf(amount: Amount): SourcedField {
  return { field: { label: Label.TOTAL, value: { type: "amount", amount } }, element: undefined };
}

function of<T>(label: Label, from: Sourced<T>, value: (of: T) => FieldValue): SourcedField {
  return { field: { label, value: value(from.value) }, element: from.element };
}

function text(label: Label, from: Sourced<string> | undefined): SourcedField[] {
  return from === undefined ? [] : [of(label, from, (value) => ({ type: "text", text: value }))];
}
