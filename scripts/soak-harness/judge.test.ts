import { expect, test } from "@jest/globals";
import { judge, quantile, type Sample, slope } from "./judge.ts";

const samples = (rssMb: (i: number) => number, ms: (i: number) => number): Sample[] =>
  Array.from({ length: 40 }, (_, i) => ({
    ...{ seconds: 60 * i, lives: 100 * i, rssMb: rssMb(i), millis: Array.from({ length: 100 }, () => ms(i)) },
  }));

test("memory that stays and latency that stays have no slope and no drift", () => {
  const steady = judge(
    samples(
      () => 150,
      () => 5,
    ),
  );
  expect(steady).toMatchObject({ rssSlope: 0, rssPerThousand: 0, p99Drift: 0, p99Ms: [5, 5] });
});

test("what grows is told by the minute and by the thousand lives; the first quarter warms up", () => {
  const growing = judge(
    samples(
      (i) => (i < 10 ? 50 * i : 500 + 2 * i),
      (i) => (i < 36 ? 10 : 15),
    ),
  );
  expect(growing).toMatchObject({ rssSlope: 2, rssPerThousand: 20, rssMb: [520, 578], p99Drift: 0.5 });
});

test("lines and quantiles of nothing are nothing", () => {
  expect([slope([]), slope([[1, 5]]), quantile([], 0.99)]).toEqual([0, 0, 0]);
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
});
