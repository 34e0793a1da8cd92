import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Account } from "./account.ts";
import type { Amount } from "./amount.ts";
import { toHex } from "./bytes.ts";
import { decodeContent, encodeContent } from "./content.ts";
import { currencies } from "./currency.ts";
import type { Field, FieldValue } from "./field.ts";
import { isCoreKind, Kind, requiredLabels } from "./kind.ts";
import { isRepeatable, Label, type ValueType, valueTypeOf } from "./label.ts";
import { parseLines, renderFields } from "./render.ts";
import { checkSafeText } from "./safe-text.ts";
import { unlessRefused } from "./vector/suite.ts";

const IBANS = [
  "DE89370400440532013000",
  "GB29NWBK60161331926819",
  "NO9386011117947",
  "MT84MALT011000012345MTLCAST001S",
];
const ascii = fc.stringMatching(/^[!-~]+(?: [!-~]+)*$/, { maxLength: 40 });
const text = fc
  .oneof(ascii, fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }))
  .map((value) => value.normalize("NFC"))
  .filter((value) => unlessRefused(() => isSafe(value)) ?? false);
const amount: fc.Arbitrary<Amount> = fc.record({
  currency: fc.constantFrom(...currencies()),
  minorUnits: fc.bigInt({ min: 1n, max: 10n ** 30n - 1n }),
});
const account: fc.Arbitrary<Account> = fc.oneof(
  fc.constantFrom(...IBANS).map((iban) => ({ iban })),
  fc.stringMatching(/^[!-{}~]{1,34}$/).map((other) => ({ other })),
  fc.constant({ notGiven: true } as const),
);
const VALUES: Readonly<Record<ValueType, fc.Arbitrary<FieldValue>>> = {
  text: text.map((value) => ({ type: "text", text: value })),
  ascii: ascii.map((value) => ({ type: "text", text: value })),
  amount: amount.map((value) => ({ type: "amount", amount: value })),
  account: account.map((value) => ({ type: "account", account: value })),
  payment: fc.record({ type: fc.constant("payment" as const), amount, account, payee: text }),
  date: fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((value) => ({ type: "date", date: value.toISOString().slice(0, 10) })),
  count: fc.integer({ min: 0, max: 0xffff_ffff }).map((count) => ({ type: "count", count })),
  digest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((digest) => ({ type: "digest", digest })),
};

const FREE_KINDS = Object.values(Kind).filter((kind) => kind !== Kind.PAY && kind !== Kind.TRANSFER);
const transaction = fc.constantFrom(...FREE_KINDS).chain((kind) => {
  const optional = Object.values(Label).filter((label) => label !== Label.CHANNEL || isCoreKind(kind));
  return fc
    .tuple(fc.constantFrom(...requiredLabels(kind)), fc.array(fc.constantFrom(...optional), { maxLength: 6 }))
    .map(([required, more]) => [...required, ...more])
    .map((labels) => labels.filter((label, i) => isRepeatable(label) || labels.indexOf(label) === i))
    .chain((labels) =>
      fc.tuple(...labels.map((label) => VALUES[valueTypeOf(label)].map((value) => ({ label, value })))),
    )
    .map((fields: Field[]) => ({ kind, fields }));
});

describe("rendering", () => {
  test("has an inverse, hence is injective: the fields come back from the lines", () => {
    fc.assert(
      fc.property(transaction, ({ kind, fields }) => {
        const lines = unlessRefused(() => renderFields(kind, fields)); // refused: too long, or reads as an IBAN
        fc.pre(lines !== undefined);
        expect(parseLines(kind, lines)).toEqual(fields);
      }),
      { numRuns: 1000 },
    );
  });

  test("of different values under one label gives different lines", () => {
    const pair = fc
      .constantFrom(...Object.values(Label))
      .chain((label) => fc.tuple(fc.constant(label), VALUES[valueTypeOf(label)], VALUES[valueTypeOf(label)]));
    fc.assert(
      fc.property(pair, ([label, a, b]) => {
        fc.pre(shown(a) !== shown(b));
        const lines = [a, b].map((value) => tryRender({ label, value }));
        fc.pre(lines[0] !== undefined);
        expect(lines[1]).not.toEqual(lines[0]);
      }),
      { numRuns: 2000 },
    );
  });

  test("names the field that it refuses", () => {
    const fields: Field[] = [
      { label: Label.ACTION, value: { type: "text", text: "Close" } },
      { label: Label.PURPOSE, value: { type: "text", text: "a\u202eb" } },
    ];
    expect(() => renderFields(Kind.APPROVE, fields)).toThrow(
      expect.objectContaining({ field: "fields[1].value", codePoint: 0x202e, rule: "bidi-control" }),
    );
    expect(() => renderFields(Kind.APPROVE, fields)).toThrow(/fields\[1\]\.value: U\+202E/);
  });
});

test("content comes back from its bytes, and every one-byte mutation is refused or is other canonical content", () => {
  const content = transaction.chain(({ kind, fields }) =>
    fc.constant({ kind, lines: unlessRefused(() => renderFields(kind, fields)) }),
  );
  fc.assert(
    fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ kind, lines }, at, mask) => {
      fc.pre(lines !== undefined);
      const original = { version: 1, issuer: "Musterbank", kind, lines };
      const bytes = unlessRefused(() => encodeContent(original));
      fc.pre(bytes !== undefined);
      expect(decodeContent(bytes)).toEqual(original);
      const mutated = bytes.slice();
      mutated[at % bytes.length]! ^= mask;
      const other = unlessRefused(() => decodeContent(mutated));
      expect(other).not.toEqual(original);
      expect(other === undefined ? toHex(mutated) : toHex(encodeContent(other))).toBe(toHex(mutated));
    }),
    { numRuns: 1000 },
  );
});

function isSafe(value: string): boolean {
  checkSafeText(value);
  return true;
}

function shown(value: FieldValue): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? `${member}n` : member));
}

function tryRender(field: Field): string | undefined {
  const action: Field = { label: Label.ACTION, value: { type: "text", text: "Close" } };
  const fields = field.label === Label.ACTION ? [field] : [action, field];
  return unlessRefused(() => JSON.stringify(renderFields(Kind.APPROVE, fields)));
}
