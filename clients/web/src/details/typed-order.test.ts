import { describe, expect, test } from "@jest/globals";
import { EMPTY, isEmpty, readTyped, type Typed } from "./typed-order.ts";

const GOOD: Typed = {
  ...{ payee: "Müller GmbH", account: "de89 3704 0044 0532 0130 00", currency: "EUR", amount: "1250.00" },
  reference: "Invoice 7",
};

function linesOf(typed: Typed): string[] {
  const read = readTyped(typed);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.order.lines.map(({ value }) => value);
}

function faultsOf(more: Partial<Typed>): string[] {
  const read = readTyped({ ...GOOD, ...more });
  return "faults" in read ? Object.keys(read.faults) : [];
}

test("what was typed in lines as key and phone show them", () => {
  expect(linesOf(GOOD)).toEqual(["EUR 1 250.00", "Müller GmbH", "DE89 3704 0044 0532 0130 00", "Invoice 7"]);
});

test("blank is blank, whatever the currency", () => {
  expect([EMPTY, { ...EMPTY, currency: "JPY" }, { ...EMPTY, payee: " \t" }].map(isEmpty)).toEqual([true, true, true]);
  expect([{ ...EMPTY, amount: "0" }, GOOD].map(isEmpty)).toEqual([false, false]);
});

test("without a reference there is no such line", () => {
  expect(linesOf({ ...GOOD, reference: "  " })).toHaveLength(3);
});

describe("amounts", () => {
  test.each([
    ["1250", "EUR 1 250.00"],
    ["1250,5", "EUR 1 250.50"],
    ["1 250,00", "EUR 1 250.00"],
    ["1\u00a0250.00", "EUR 1 250.00"],
    ["1\u202f250.00", "EUR 1 250.00"],
    ["0.01", "EUR 0.01"],
  ])("%j is %s", (amount, line) => {
    expect(linesOf({ ...GOOD, amount })[0]).toBe(line);
  });

  // 1.250 may be a thousand or one: it is not guessed.
  test.each([
    "",
    "0",
    "0.00",
    "-5",
    "+5",
    "1.250",
    "1,250",
    "1,250.00",
    "1.250,00",
    "1e3",
    "0x10",
    "12.345",
    "NaN",
    "١٢",
  ])("%j is none", (amount) => {
    expect(faultsOf({ amount })).toEqual(["amount"]);
  });

  test("a currency without decimals has none", () => {
    expect(linesOf({ ...GOOD, currency: "JPY", amount: "1250" })[0]).toBe("JPY 1 250");
    expect(faultsOf({ currency: "JPY", amount: "1250.5" })).toEqual(["amount"]);
  });
});

test("an account with a wrong digit, or none, is told at its field", () => {
  expect(faultsOf({ account: "DE89 3704 0044 0532 0130 01" })).toEqual(["account"]);
  expect(faultsOf({ account: "" })).toEqual(["account"]);
  expect(faultsOf({ account: "<script>" })).toEqual(["account"]);
});

test.each([
  ["a direction that turns", "Muller \u202e HbmG"],
  ["something that is not seen", "Mül\u200bler"],
  ["a line of its own", "Müller\nAmount: EUR 1"],
  ["a control", "Müller\u0007"],
  ["nothing", "   "],
])("a payee with %s is refused at its field", (_what, payee) => {
  expect(faultsOf({ payee })).toEqual(["payee"]);
});

test("markup is text as any other", () => {
  expect(linesOf({ ...GOOD, payee: "<b>Müller</b>" })).toContain("<b>Müller</b>");
});

test("everything that is wrong is told at once", () => {
  const read = readTyped({ ...EMPTY, reference: "a\u202eb" });
  expect("faults" in read ? Object.keys(read.faults).toSorted() : []).toEqual([
    ...["account", "amount", "payee", "reference"],
  ]);
});
