import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fallbackMoment } from "./channel-timeout.ts";

test.each([
  { name: "one channel behind, time enough: the policy's", timeout: 20_000, behind: 1, left: 120_000, after: 20_000 },
  { name: "three behind and a long policy: an even share", timeout: 60_000, behind: 3, left: 120_000, after: 30_000 },
  { name: "none behind: at most until notAfter", timeout: 300_000, behind: 0, left: 120_000, after: 120_000 },
  { name: "hardly any time: five seconds all the same", timeout: 30_000, behind: 3, left: 12_000, after: 5_000 },
  { name: "not even that: notAfter", timeout: 30_000, behind: 3, left: 2_000, after: 2_000 },
])("$name", ({ timeout, behind, left, after }) => {
  expect(fallbackMoment(timeout, behind, 1_000_000 + left, 1_000_000)).toBe(1_000_000 + after);
});

test("with 5 s for each, every channel of the order is asked before notAfter, whatever the policy says", () => {
  const order = fc.record({ timeout: fc.integer({ min: 1, max: 600_000 }), channels: fc.integer({ min: 1, max: 8 }) });
  fc.assert(
    fc.property(order, fc.integer({ min: 40_001, max: 600_000 }), ({ timeout, channels }, notAfter) => {
      let now = 0;
      for (let behind = channels - 1; behind > 0; behind -= 1) {
        const next = fallbackMoment(timeout, behind, notAfter, now);
        expect(next - now).toBeLessThanOrEqual(timeout);
        expect(next).toBeLessThan(notAfter);
        now = next;
      }
    }),
  );
});
