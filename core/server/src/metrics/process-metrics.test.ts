import { expect, test } from "@jest/globals";
import { delaySeconds } from "./process-metrics.ts";

const measured = (nanoseconds: number, count = 1) => ({ count, percentile: () => nanoseconds });

test("delay is what is over the period of the timer that measures it", () => {
  expect(delaySeconds(measured(210e6), 1)).toBeCloseTo(0.2);
  expect(delaySeconds(measured(10e6), 0.5)).toBe(0);
  expect(delaySeconds(measured(9e6), 0.5)).toBe(0);
});

test("nothing was measured yet", () => {
  expect(delaySeconds(measured(Number.NaN, 0), 1)).toBe(0);
});
