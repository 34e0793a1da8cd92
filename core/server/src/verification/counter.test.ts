import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isUnused, use } from "./counter.ts";

describe("row 10: a counter is used once, in a window of 64", () => {
  test("row 10: agrees with a set of the used ones, for every order of use", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }), (counters) => {
        let counter = { highest: 0, seen: 0n };
        const used = new Set<number>();
        for (const one of counters) {
          const expected = !used.has(one) && one > counter.highest - 64;
          expect(isUnused(counter, one)).toBe(expected);
          counter = use(counter, one);
          if (expected) used.add(one);
          expect(isUnused(counter, one)).toBe(false);
          expect(counter.seen < 1n << 64n).toBe(true);
        }
      }),
    );
  });

  test.each([
    [36, false],
    [37, true],
    [100, false],
    [101, true],
    [0xffff_ffff, true],
  ])("row 10: at highest 100, %i is unused: %s", (used, unused) => {
    expect(isUnused({ highest: 100, seen: 1n }, used)).toBe(unused);
  });

  test("row 10: a far jump forgets what is below the window", () => {
    expect(use({ highest: 5, seen: 0b111111n }, 5000)).toEqual({ highest: 5000, seen: 1n });
  });
});
