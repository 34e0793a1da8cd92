import { expect, test } from "@jest/globals";
import { summariseP6, type P6Sample } from "./p6.ts";

const sample = (micros: number, leastShare: number): P6Sample => ({
  ...{ micros, leastShare },
  redisMicros: 500,
  perSecond: 100,
});

test("two cores that spend as much a transaction as one, and share it evenly, do twice as many", () => {
  const { ratio } = summariseP6({ one: [sample(2000, 1)], two: [sample(2000, 0.5)] });
  expect(ratio.median).toBe(2);
});

test("what they spend on each other, and the one that has more to do, is taken off", () => {
  const { ratio } = summariseP6({
    one: [sample(2000, 1), sample(2000, 1)],
    two: [sample(2500, 0.5), sample(2000, 0.4)],
  });
  expect([ratio.least, ratio.most].map((one) => one.toFixed(2))).toEqual(["1.60", "1.67"]);
});
