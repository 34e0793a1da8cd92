import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { endOf } from "../testing/submit-sm.ts";
import { validityPeriod } from "./validity-period.ts";

const NOW = new Date("2026-11-22T13:30:00.000Z");

test.each([
  ["2026-11-22T13:31:50.000Z", "261122133150000+", "000000000150000R"],
  ["2026-11-22T13:31:50.990Z", "261122133150900+", "000000000150000R"],
  ["2026-11-23T14:30:01.000Z", "261123143001000+", "000001010001000R"],
  ["2027-01-30T00:00:00.000Z", "270130000000000+", "000030000000000R"],
])("until %s", (notAfter, absolute, relative) => {
  expect(validityPeriod(new Date(notAfter), NOW, "absolute")).toBe(absolute);
  expect(validityPeriod(new Date(notAfter), NOW, "relative")).toBe(relative);
});

test.each(["2026-11-22T13:30:00.999Z", "2026-11-22T13:30:00.000Z", "2020-01-01T00:00:00.000Z"])(
  "%s cannot be told: it does not leave",
  (notAfter) => {
    expect(validityPeriod(new Date(notAfter), NOW, "absolute")).toBeUndefined();
    expect(validityPeriod(new Date(notAfter), NOW, "relative")).toBeUndefined();
  },
);

test("what the SMSC reads is never later than notAfter, and less than a second earlier within 30 days", () => {
  const ms = fc.integer({ min: 1_000, max: 30 * 86_400_000 });
  fc.assert(
    fc.property(ms, fc.constantFrom("absolute", "relative"), (left, form) => {
      const notAfter = NOW.getTime() + left;
      const read = endOf(validityPeriod(new Date(notAfter), NOW, form) ?? "", NOW)?.getTime() ?? Infinity;
      expect(read).toBeLessThanOrEqual(notAfter);
      expect(notAfter - read).toBeLessThan(1_000);
    }),
  );
});
