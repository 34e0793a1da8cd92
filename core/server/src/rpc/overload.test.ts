import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Comer,
  costAfter,
  FIRST_COST_MS,
  hasPlace,
  isUrgentNext,
  type Line,
  LONGEST_WAIT_MS,
  URGENT_PLACES,
} from "./overload.ts";
import { PERMISSION } from "./permission.ts";
import { URGENT } from "./urgent.ts";

const comer = (change: Partial<Comer> = {}): Comer => ({ urgent: false, waiting: 9999, addresses: 1, ...change });
const line = (change: Partial<Line> = {}): Line => ({ ordinary: 0, urgent: 0, costMs: FIRST_COST_MS, ...change });

describe("a place in the line", () => {
  test.each([
    ["nobody waits", line(), true],
    ["those before it take less than it may wait", line({ ordinary: 999, costMs: 0.25 }), true],
    ["those before it take as long as it may wait", line({ ordinary: 1000, costMs: 0.25 }), false],
    ["few wait, whatever the estimate says", line({ ordinary: 127, costMs: 1000 }), true],
    ["these are the fewest places", line({ ordinary: 128, costMs: 1000 }), false],
    ["urgent calls wait in places of their own", line({ urgent: URGENT_PLACES }), true],
  ])("for an ordinary call: %s", (_when, seen, expected) => {
    expect(hasPlace(seen, comer())).toBe(expected);
  });

  test.each([
    ["any number of ordinary calls wait", line({ ordinary: 1e6, costMs: 1000 }), true],
    ["one place is left", line({ urgent: URGENT_PLACES - 1, costMs: 1000 }), true],
    ["memory ends it", line({ urgent: URGENT_PLACES }), false],
  ])("for an urgent call: %s", (_when, seen, expected) => {
    expect(hasPlace(seen, comer({ urgent: true }))).toBe(expected);
  });
});

describe("in a full line", () => {
  const full = line({ ordinary: 5000, costMs: 0.25 });
  test.each([
    ["who has nobody in it gets in", comer({ waiting: 0, addresses: 5000 }), true],
    ["who has less than his share gets in", comer({ waiting: 99, addresses: 10 }), true],
    ["who has his share does not", comer({ waiting: 100, addresses: 10 }), false],
    ["who is alone does not", comer({ waiting: 1000, addresses: 1 }), false],
  ])("%s", (_who, who, expected) => {
    expect(hasPlace(full, who)).toBe(expected);
  });
});

test("the estimate goes to what turns take, a strange one moves it by an eighth, an empty one by nothing", () => {
  let cost = FIRST_COST_MS;
  for (let turn = 0; turn < 60; turn++) cost = costAfter(cost, 12, 6);
  expect(cost).toBeCloseTo(2, 2);
  expect(costAfter(2, 160, 10)).toBe(2 + 14 / 8);
  expect(costAfter(2, 1000, 0)).toBe(2);
});

test("as long as the estimate holds nobody is let in who would wait much longer than he may", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 50, noNaN: true }), fc.nat(5000), (costMs, ordinary) => {
      const isShort = ordinary < 128 || ordinary * costMs < LONGEST_WAIT_MS;
      expect(hasPlace(line({ ordinary, costMs }), comer())).toBe(isShort);
    }),
  );
});

test("neither kind keeps the other out", () => {
  expect(isUrgentNext(line({ urgent: 1 }), true)).toBe(true);
  expect(isUrgentNext(line({ ordinary: 1 }), false)).toBe(false);
  expect(isUrgentNext(line({ ordinary: 1, urgent: 1 }), false)).toBe(true);
  expect(isUrgentNext(line({ ordinary: 1, urgent: 1 }), true)).toBe(false);
});

test("urgent calls are calls of the core, and what begins something is none of them", () => {
  for (const path of URGENT) expect(PERMISSION).toHaveProperty([path]);
  const begins = [...URGENT].filter((path) => /\/(Create|BeginEnrolment|BeginLink|Submit|Resend|Claim)/.test(path));
  expect(begins).toEqual([]);
});
