import { expect, test } from "@jest/globals";
import { Kind, Label, renderFields, type Field } from "@countersign/protocol";
import { fromWireField } from "./testing/from-wire-field.ts";
import { findDifference, ownContent, ownLines, withRepeatLine } from "./own-content.ts";
import type { OpenTransaction } from "./transaction-view.ts";
import { toWireField } from "./wire-field.ts";

const FIELDS: Field[] = [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 10n ** 20n } } },
  { label: Label.TO, value: { type: "text", text: "Müller GmbH" } },
  { label: Label.ACCOUNT, value: { type: "account", account: { notGiven: true } } },
];
const payload = new Uint8Array(32).fill(1);
const SERVER = "ab".repeat(16);
const own = ownLines({ kind: Kind.PAY, fields: FIELDS, payload });

function transaction(change: Partial<OpenTransaction> = {}): OpenTransaction {
  const ids = { transactionId: "cd".repeat(16), serverId: SERVER, nonce: new Uint8Array(32) };
  const shown = { kind: Kind.PAY, contentVersion: 1, issuer: "Acme Bank", lines: own, tag: "AMBER TIGER", mode: 2 };
  return { ...ids, ...shown, keyIds: [], fido: undefined, lifetimeMs: 1000, ...change };
}

test("the payload is the digest line after the fields", () => {
  expect(own.map(({ label }) => label)).toEqual([Label.AMOUNT, Label.TO, Label.ACCOUNT, Label.DIGEST]);
});

test("every type of value travels unchanged", () => {
  const all: Field[] = [
    ...FIELDS,
    {
      label: Label.PAYMENT,
      value: { type: "payment", amount: { currency: "JPY", minorUnits: 1n }, account: { other: "1" }, payee: "A" },
    },
    { label: Label.FROM, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
    { label: Label.DATE, value: { type: "date", date: "2026-11-30" } },
    { label: Label.COUNT, value: { type: "count", count: 3 } },
    { label: Label.DIGEST, value: { type: "digest", digest: payload } },
  ];
  expect(all.map(toWireField).map(fromWireField)).toEqual(all);
});

test.each<[string, Partial<OpenTransaction>, string]>([
  ["another server", { serverId: "00".repeat(16) }, "server"],
  ["another kind", { kind: Kind.TRANSFER }, "kind"],
  ["a value", { lines: own.with(1, { label: Label.TO, value: "Mallory Ltd" }) }, "lines[1]"],
  ["a label", { lines: own.with(1, { label: Label.BANK, value: "Müller GmbH" }) }, "lines[1]"],
  ["a line more", { lines: [...own, { label: Label.FEE, value: "EUR 1.00" }] }, "lines[4]"],
  ["a line less", { lines: own.slice(0, 3) }, "lines[3]"],
  ["another order", { lines: own.toReversed() }, "lines[0]"],
])("finds %s", (_name, change, at) => {
  expect(findDifference(own, Kind.PAY, transaction(change), SERVER)).toMatchObject({ at });
});

test("finds nothing when all is equal", () => {
  expect(findDifference(own, Kind.PAY, transaction(), SERVER)).toBeUndefined();
});

const REPEAT = { label: Label.REPEAT, value: "of AMBER TIGER, 2026-11-30 14:31 UTC" };
test.each([
  ["asked for", "ab", [...own, REPEAT], 5],
  ["not asked for", undefined, [...own, REPEAT], 4],
  ["that says something else", "ab", [...own, { label: Label.REPEAT, value: "EUR 5.00" }], 4],
  ["in another place", "ab", [REPEAT, ...own], 4],
])("a repeat line %s", (_name, repeatOf, lines, count) => {
  expect(withRepeatLine(own, repeatOf, lines)).toHaveLength(count);
});

test("the client's content is of its own lines, and of a version it knows", () => {
  const other = transaction({ lines: own.with(1, { label: Label.TO, value: "Mallory Ltd" }) });
  expect(ownContent(own, other)).toEqual(ownContent(own, transaction()));
  expect(() => ownContent(own, transaction({ contentVersion: 2 }))).toThrow("version 2");
  expect(renderFields(Kind.PAY, FIELDS)).toHaveLength(3);
});
