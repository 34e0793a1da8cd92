import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  bucketOf,
  countsOfDelivery,
  countsOfTransaction,
  difference,
  hourOf,
  minuteOf,
  NOW,
  quantile,
  timeOf,
} from "./tally.ts";

const AT = 1_800_000_000_000;

test("a time's bucket is within 5 % of it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400_000 }), (ms) => {
      expect(Math.abs(timeOf(bucketOf(ms)) - ms)).toBeLessThanOrEqual(1 + ms * 0.05);
    }),
  );
});

test("a quantile is the time that so many are not above", () => {
  const times = new Map([1, 2, 4].map((ms, i) => [bucketOf(ms * 1000), [50, 45, 5][i] ?? 0]));
  expect(quantile(times, 0.5)).toBe(timeOf(bucketOf(1000)));
  expect(quantile(times, 0.95)).toBe(timeOf(bucketOf(2000)));
  expect(quantile(times, 0.96)).toBe(timeOf(bucketOf(4000)));
  expect(quantile(new Map(), 0.5)).toBeUndefined();
  expect(quantile(new Map([[7, 0]]), 0.5)).toBeUndefined();
});

test("what a row was counted as is taken back when it changes", () => {
  const pending = countsOfTransaction({ state: "PENDING", outcome: undefined, ended: undefined, confirm: undefined });
  const confirmed = countsOfTransaction({ state: "CONFIRMED", outcome: "CONFIRMED", ended: AT, confirm: 5000 });
  const executed = countsOfTransaction({ state: "EXECUTED", outcome: "CONFIRMED", ended: AT, confirm: 5000 });
  expect(difference([], pending)).toEqual([[NOW, "open.PENDING", 1]]);
  expect(difference(pending, confirmed)).toEqual([
    [NOW, "open.PENDING", -1],
    [NOW, "open.CONFIRMED", 1],
    [minuteOf(AT), "ended.CONFIRMED", 1],
    [hourOf(AT), `confirm.${bucketOf(5000)}`, 1],
  ]);
  expect(difference(confirmed, executed)).toEqual([[NOW, "open.CONFIRMED", -1]]);
  expect(difference(executed, executed)).toEqual([]);
});

test("a message counts once it is shown or given up", () => {
  const of = { platform: "telegram", state: "QUEUED", ended: undefined, sent: undefined };
  expect(countsOfDelivery(of)).toEqual([]);
  expect(countsOfDelivery({ ...of, state: "FAILED", ended: AT })).toEqual([[hourOf(AT), "failed.telegram"]]);
  expect(countsOfDelivery({ ...of, state: "SENT", ended: AT, sent: 700 })).toEqual([
    [hourOf(AT), `sent.telegram.${bucketOf(700)}`],
  ]);
});
