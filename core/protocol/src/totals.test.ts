import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Account } from "./account.ts";
import type { Amount } from "./amount.ts";
import type { Field } from "./field.ts";
import { Kind } from "./kind.ts";
import { Label } from "./label.ts";
import { parseLines, renderFields } from "./render.ts";

interface Payment {
  readonly amount: Amount;
  readonly account: Account;
  readonly payee: string;
}

const payment: fc.Arbitrary<Payment> = fc.record({
  amount: fc.record({
    currency: fc.constantFrom("EUR", "JPY", "KWD"),
    minorUnits: fc.bigInt({ min: 1n, max: 10n ** 20n }),
  }),
  account: fc.constantFrom<Account[]>({ iban: "DE89370400440532013000" }, { other: "12345678" }, { notGiven: true }),
  payee: fc.constantFrom("Ada", "Müller GmbH", "A |B", "| x |"),
});
const payments = fc.array(payment, { minLength: 1, maxLength: 18 });

/** The batch as an honest app sends it: payment lines, one total per currency, count. */
function batchOf(all: readonly Payment[]): Field[] {
  const sums = new Map<string, bigint>();
  for (const { amount } of all) sums.set(amount.currency, (sums.get(amount.currency) ?? 0n) + amount.minorUnits);
  return [
    ...all.map((one): Field => ({ label: Label.PAYMENT, value: { type: "payment", ...one } })),
    ...[...sums].map(([currency, minorUnits]): Field => {
      return { label: Label.TOTAL, value: { type: "amount", amount: { currency, minorUnits } } };
    }),
    { label: Label.COUNT, value: { type: "count", count: all.length } },
  ];
}

test("a batch that adds up passes, and comes back from its lines", () => {
  fc.assert(
    fc.property(payments, (all) => {
      const fields = batchOf(all);
      expect(parseLines(Kind.PAY, renderFields(Kind.PAY, fields))).toEqual(fields);
    }),
  );
});

test("a batch in which one payment is left out, added or altered is refused", () => {
  const refused = expect.objectContaining({ code: "bad-total" });
  fc.assert(
    fc.property(payments, payment, fc.nat(), (all, other, where) => {
      const fields = batchOf(all);
      const i = where % all.length;
      const more: Field = { label: Label.PAYMENT, value: { type: "payment", ...other } };
      const amount = { currency: all[i]!.amount.currency, minorUnits: all[i]!.amount.minorUnits + 1n };
      const altered: Field = { label: Label.PAYMENT, value: { type: "payment", ...all[i]!, amount } };
      expect(() => renderFields(Kind.PAY, [more, ...fields])).toThrow(refused);
      expect(() => renderFields(Kind.PAY, fields.with(i, altered))).toThrow(refused);
      fc.pre(all.length > 1);
      expect(() => renderFields(Kind.PAY, fields.toSpliced(i, 1))).toThrow(refused);
    }),
  );
});

test("totals and counts of other kinds are free: only payments are sums", () => {
  const fields: Field[] = [
    { label: Label.ACTION, value: { type: "text", text: "Reconcile" } },
    { label: Label.TOTAL, value: { type: "amount", amount: { currency: "EUR", minorUnits: 0n } } },
    { label: Label.COUNT, value: { type: "count", count: 9 } },
  ];
  expect(renderFields(Kind.APPROVE, fields).map(({ value }) => value)).toEqual(["Reconcile", "EUR 0.00", "9"]);
});
