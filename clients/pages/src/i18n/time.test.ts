import { expect, test } from "@jest/globals";
import { LOCALES } from "./locale.ts";
import { formatClock, formatDistance, formatMoment, momentOf, msOf } from "./time.ts";

const AT = Date.UTC(2026, 10, 23, 18, 5, 7);

test.each(LOCALES)(
  "%s tells a moment with 24 hours, seconds, zone and digits that are the same everywhere",
  (locale) => {
    const told = formatMoment(AT, locale, "UTC");
    expect(told).toMatch(/18:05:07/);
    expect(told).toMatch(/UTC|غرينتش|GMT|协调/);
    expect(told).toMatch(/2026/);
  },
);

test.each(LOCALES)("%s tells an hour of the day in 24 hours", (locale) => {
  expect(formatClock(AT, locale, "UTC")).toBe("18:05");
});

test("a moment and its milliseconds are each other's", () => {
  for (const ms of [0, 1, 999, 1_000, AT + 123]) expect(msOf(momentOf(ms))).toBe(ms);
});

test("how long ago is told in the largest unit that fits", () => {
  expect(formatDistance(AT - 180_000, AT, "en")).toBe("3 minutes ago");
  expect(formatDistance(AT + 7_200_000, AT, "en")).toBe("in 2 hours");
  expect(formatDistance(AT, AT, "en")).toBe("now");
});
