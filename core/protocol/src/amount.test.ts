import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { amountOf, parseAmount, renderAmount } from "./amount.ts";
import { currencies, exponentOf } from "./currency.ts";

const refused = expect.objectContaining({ code: "bad-amount" });

describe("currencies", () => {
  test("are ISO 4217 codes with minor units, and four assets", () => {
    expect(currencies().filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual(["USDC", "USDT"]);
    expect(currencies().length).toBe(169);
    expect(new Set(currencies()).size).toBe(currencies().length);
  });

  test.each([
    ["EUR", 2],
    ["JPY", 0],
    ["KRW", 0],
    ["ISK", 0],
    ["KWD", 3],
    ["TND", 3],
    ["CLF", 4],
    ["BTC", 8],
    ["ETH", 18],
    ["USDC", 6],
    ["USDT", 6],
  ])("%s has %i decimals", (code, exponent) => {
    expect(exponentOf(code)).toBe(exponent);
  });

  test("agree with Intl wherever it knows the minor units of ISO 4217", () => {
    // CLDR rounds these for display, unlike ISO 4217; the list is Intl's, not ours.
    const rounded = new Set(
      "AFN ALL COP HUF IDR IRR IQD KPW LAK LBP MGA MMK PKR RSD SLE SOS SYP TZS UZS YER LYD BHD JOD KWD OMR TND".split(
        " ",
      ),
    );
    const known = currencies().filter(
      (code) => code.length === 3 && !rounded.has(code) && !["BTC", "ETH"].includes(code),
    );
    const differing = known.filter((currency) => {
      const { maximumFractionDigits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
      return maximumFractionDigits !== exponentOf(currency);
    });
    expect(differing).toEqual([]);
  });
});

const amount = fc.record({
  currency: fc.constantFrom(...currencies()),
  minorUnits: fc.bigInt({ min: 0n, max: 10n ** 30n - 1n }),
});

test("an amount comes back from its notation, and from a plain decimal", () => {
  fc.assert(
    fc.property(amount, (any) => {
      const text = renderAmount(any);
      expect(parseAmount(text)).toEqual(any);
      expect(amountOf(any.currency, text.slice(any.currency.length).replaceAll(" ", ""))).toEqual(any);
    }),
  );
});

test.each([
  ["1250", 125_000n],
  ["1250.5", 125_050n],
  ["0.07", 7n],
  ["0001", 100n],
])("the decimal %s EUR is %i minor units", (decimal, minorUnits) => {
  expect(amountOf("EUR", decimal)).toEqual({ currency: "EUR", minorUnits });
});

test.each(["", ".5", "5.", "1,5", "1 000", "-1", "+1", "1e3", "0x10", "1.005", "Infinity", "٣", "9".repeat(31)])(
  "the decimal %p EUR is refused",
  (decimal) => {
    expect(() => amountOf("EUR", decimal)).toThrow(refused);
  },
);

test.each([
  "EUR 1.0",
  "EUR 1.000",
  "EUR  1.00",
  "EUR 1.00 ",
  "eur 1.00",
  "EUR 1000.00",
  "EUR 0 001.00",
  "EUR 00.00",
  "JPY 1.",
  "1.00 EUR",
  "EUR 1\u00a0000.00",
])("the notation %p is refused", (text) => {
  expect(() => parseAmount(text)).toThrow(refused);
});
