import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { askedUntil } from "./retry-after.ts";
import { LONGEST_PAUSE_MS } from "./retry.ts";

const NOW = Date.UTC(1994, 10, 6, 8, 0, 0);
const AT_8_49_37 = Date.UTC(1994, 10, 6, 8, 49, 37);

test.each([
  ["120", NOW + 120_000],
  ["3600", NOW + LONGEST_PAUSE_MS],
  ["3601", NOW + LONGEST_PAUSE_MS],
  ["9".repeat(400), NOW + LONGEST_PAUSE_MS],
  ["Sun, 06 Nov 1994 08:49:37 GMT", AT_8_49_37],
  ["Sunday, 06-Nov-94 08:49:37 GMT", AT_8_49_37],
  ["Sun Nov  6 08:49:37 1994", AT_8_49_37],
  ["Tue, 08 Nov 1994 08:49:37 GMT", NOW + LONGEST_PAUSE_MS],
])("%s is until %d", (header, until) => {
  expect([429, 502, 503, 504].map((status) => askedUntil(status, header, NOW))).toEqual([until, until, until, until]);
});

test.each([
  ["0"],
  [""],
  ["-1"],
  ["1.5"],
  ["0x10"],
  ["1e3"],
  ["120s"],
  ["120, 240"],
  ["soon"],
  ["Sun, 06 Nov 1994 07:59:59 GMT"],
  ["Sun, 06 Nov 1994 08:49:37"],
  ["Sun, 06 Nov 1994 08:49:37 PST"],
  ["Sun, 99 Nov 1994 08:49:37 GMT"],
  ["1994-11-06T08:49:37Z"],
])("%s asks for nothing", (header) => {
  expect(askedUntil(503, header, NOW)).toBeUndefined();
});

test.each([200, 204, 302, 400, 410, 413, 500, 501])("%d asks for nothing, whatever it says", (status) => {
  expect(askedUntil(status, "120", NOW)).toBeUndefined();
});

test("whatever a receiver writes, it is a moment within the next hour or nothing", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.nat().map(String),
        fc.date({ noInvalidDate: true }).map((at) => at.toUTCString()),
      ),
      (header) => {
        const until = askedUntil(429, header, NOW);
        if (until === undefined) return;
        expect(until).toBeGreaterThan(NOW);
        expect(until).toBeLessThanOrEqual(NOW + LONGEST_PAUSE_MS);
      },
    ),
  );
});
