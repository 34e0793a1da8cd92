import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  allowance,
  bytesWaste,
  FEW,
  moreOfConnection,
  moreOfNetwork,
  NETWORK_MOST,
  NO_WASTE,
  type Waste,
} from "./waste.ts";

const STREAMS = 100;
const quiet = { amount: 0, isBlamed: false };

/** So many at each of these moments; whether the connection was over its allowance at any. */
function isEnded(moments: readonly (readonly [atMs: number, resets: number])[], isBlamed = false): boolean {
  let waste: Waste = NO_WASTE;
  for (const [atMs, resets] of moments) {
    for (let i = 0; i < resets; i++) {
      waste = moreOfConnection(waste, 1, atMs);
      if (waste.amount > allowance(STREAMS, { ...quiet, isBlamed })) return true;
    }
  }
  return false;
}

describe("a connection", () => {
  test.each([
    ["gives up all that it may have open, twice at once", [[0, 200]], false],
    ["gives up one more", [[0, 201]], true],
    ["gives up all that it may have open every second, for an hour", seconds(3600, 100), false],
    ["does so twice as often", seconds(3600, 200), true],
    ["begins again when its waste is forgotten", [[0, 200], [2000, 200]], false], // prettier-ignore
    ["begins again before", [[0, 200], [1900, 200]], true], // prettier-ignore
  ] as const)("%s", (_what, moments, ends) => {
    expect(isEnded(moments)).toBe(ends);
  });

  test("whose network floods came from gives up a few at once, and as many a second as others", () => {
    expect(isEnded([[0, FEW]], true)).toBe(false);
    expect(isEnded([[0, FEW + 1]], true)).toBe(true);
    expect(isEnded(seconds(36_000, 10, 100), true)).toBe(false);
  });
});

test("a thousand connections of one network do not do together what one may not do alone", () => {
  let network: Waste = NO_WASTE;
  let done = 0;
  for (let connection = 0; connection < 1000; connection++) {
    for (let streams = 1; ; streams++) {
      done += 1;
      network = moreOfNetwork(network, 1, 0);
      const account = { amount: network.amount, isBlamed: network.amount > NETWORK_MOST };
      if (streams > Math.min(STREAMS, allowance(STREAMS, account))) break;
    }
  }
  // Three for each, of the twenty thousand that they could have left.
  expect(done).toBeLessThan(4 * NETWORK_MOST + 1000);
});

test("what is forgotten is never more than there was, and more never ends what less would not", () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(100_000), fc.nat(5000), (amount, laterMs, other) => {
      const before = moreOfNetwork(NO_WASTE, amount, 0);
      const after = moreOfNetwork(before, 0, laterMs);
      expect(after.amount).toBeGreaterThanOrEqual(0);
      expect(after.amount).toBeLessThanOrEqual(amount);
      const [less, most] = [Math.min(amount, other), Math.max(amount, other)];
      expect(allowance(STREAMS, { amount: most, isBlamed: true })).toBeLessThanOrEqual(
        allowance(STREAMS, { amount: less, isBlamed: true }),
      );
    }),
  );
});

test("bytes are waste as far as no stream explains them", () => {
  expect([bytesWaste(10, 0), bytesWaste(10, 4), bytesWaste(1, 1000)]).toEqual([10, 6, 0]);
});

function seconds(times: number, resets: number, everyMs = 1000): [number, number][] {
  return Array.from({ length: times }, (_, n) => [everyMs * n, resets]);
}
