import { expect, test } from "@jest/globals";
import { amountOf, exponentOf, isRepeatable, Label, type FieldValue } from "@countersign/protocol";
import fc from "fast-check";
import { bicAgent, IBAN, painXml, reference, type PaymentXml } from "./testing/pain-xml.ts";
import { PaymentFileError } from "./finding.ts";
import { readPaymentFile } from "./read-payment-file.ts";

interface Meant {
  readonly amount: string;
  readonly currency: string;
  readonly name: string;
  readonly iban: boolean;
  readonly account: string;
  readonly reference: string;
}

const word = fc.stringMatching(/^[A-Za-zÀÉÖÜàéöüßñøå0-9&'-]{1,9}$/);
const words = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(" "));
const amount = fc.constantFrom("EUR", "JPY", "KWD", "USD", "CLF").chain((currency) => {
  const decimals = exponentOf(currency) ?? 0;
  return fc.bigInt({ min: 1n, max: 10n ** 12n }).map((minor) => {
    const digits = minor.toString().padStart(decimals + 1, "0");
    const whole = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
    return { currency, amount: whole };
  });
});
const meant: fc.Arbitrary<Meant> = fc
  .tuple(amount, words, fc.boolean(), fc.stringMatching(/^[0-9]{4,12}$/), words)
  .map(([money, name, iban, account, text]) => ({ ...money, name, iban, account, reference: text }));

function xmlOf({ iban, account, reference: text, ...rest }: Meant): PaymentXml {
  const name = escape(rest.name);
  const id = iban ? `<IBAN>${IBAN}</IBAN>` : `<Othr><Id>${account}</Id></Othr>`;
  const agent = iban ? bicAgent("COBADEFF") : bicAgent("CHASUS33");
  return { ...rest, name, agent, account: `<Id>${id}</Id>`, after: reference(escape(text)) };
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function valuesOf(bytes: Uint8Array, label: Label): FieldValue[] {
  return readPaymentFile(bytes).fields.flatMap((field) => (field.label === label ? [field.value] : []));
}

test("the fields of a single payment are those of the file", () => {
  fc.assert(
    fc.property(meant, (payment) => {
      const bytes = painXml({ groups: [{ payments: [xmlOf(payment)] }] });
      expect(valuesOf(bytes, Label.AMOUNT)).toEqual([
        { type: "amount", amount: amountOf(payment.currency, payment.amount) },
      ]);
      expect(valuesOf(bytes, Label.TO)).toEqual([{ type: "text", text: payment.name }]);
      expect(valuesOf(bytes, Label.ACCOUNT)).toEqual([{ type: "account", account: accountOf(payment) }]);
      expect(valuesOf(bytes, Label.REFERENCE)).toEqual([{ type: "text", text: payment.reference }]);
    }),
    { numRuns: 200 },
  );
});

test("the payments of a batch are those of the file, in its order, and their totals", () => {
  fc.assert(
    fc.property(fc.array(meant, { minLength: 2, maxLength: 5 }), (payments) => {
      const xml = payments.map(xmlOf).map(({ after = "", agent = "", ...rest }) => {
        return isRepeatable(Label.REFERENCE) ? { ...rest, after, agent } : { ...rest };
      });
      const bytes = painXml({ groups: [{ payments: xml }] });
      const expected = payments.map((payment) => ({
        type: "payment",
        ...{ amount: amountOf(payment.currency, payment.amount), account: accountOf(payment), payee: payment.name },
      }));
      expect(valuesOf(bytes, Label.PAYMENT)).toEqual(expected);
      expect(valuesOf(bytes, Label.COUNT)).toEqual([{ type: "count", count: payments.length }]);
      expect(valuesOf(bytes, Label.REFERENCE)).toHaveLength(isRepeatable(Label.REFERENCE) ? payments.length : 0);
    }),
    { numRuns: 100 },
  );
});

test("no two bytes of a file may be swapped unseen: what is read again is the same, or refused", () => {
  const bytes = painXml({
    groups: [
      {
        payments: [xmlOf({ amount: "12.34", currency: "EUR", name: "Anna", iban: true, account: "", reference: "R" })],
      },
    ],
  });
  const { payload } = readPaymentFile(bytes);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = bytes.with(at, (bytes[at] ?? 0) ^ flip);
      expect(payloadOrRefusal(changed)).not.toEqual(payload);
    }),
    { numRuns: 500 },
  );
});

/** Anything but a refusal is thrown on. */
function payloadOrRefusal(bytes: Uint8Array): Uint8Array | string {
  try {
    return readPaymentFile(bytes).payload;
  } catch (error) {
    if (error instanceof PaymentFileError) return error.message;
    throw error;
  }
}

function accountOf({ iban, account }: Meant): { iban: string } | { other: string } {
  return iban ? { iban: IBAN } : { other: account };
}
