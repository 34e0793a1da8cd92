import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { GIVE_UP_MS, LONGEST_PAUSE_MS, nextTry, pauseAfter } from "./retry.ts";

const draw = fc.double({ min: 0, max: 1, noNaN: true });

describe("pauses", () => {
  test("grow threefold from five seconds up to an hour, and are a fifth shorter at most", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 30].map((attempts) => pauseAfter(attempts, 0))).toEqual([
      ...[5000, 15_000, 45_000, 135_000, 405_000, 1_215_000],
      ...[LONGEST_PAUSE_MS, LONGEST_PAUSE_MS, LONGEST_PAUSE_MS],
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), draw, (attempts, drawn) => {
        const pause = pauseAfter(attempts, drawn);
        expect(pause).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
        expect(pause).toBeGreaterThanOrEqual(Math.round(pauseAfter(attempts, 0) * 0.8));
        expect(pause).toBeGreaterThanOrEqual(4000);
      }),
    );
  });
});

test("whatever is drawn, a message is tried for a day: the last time at its end, and a bounded number of times", () => {
  fc.assert(
    fc.property(fc.array(draw, { minLength: 1, maxLength: 50 }), fc.integer({ min: 0, max: 15_000 }), (draws, took) => {
      const queuedAt = 1_000_000;
      let [now, attempts] = [queuedAt, 0];
      for (;;) {
        attempts += 1;
        const next = nextTry({ queuedAt, attempts }, now, draws[attempts % draws.length] ?? 0);
        if (next === undefined) break;
        expect(next).toBeGreaterThan(now);
        expect(next).toBeLessThanOrEqual(queuedAt + GIVE_UP_MS);
        now = next + (next === queuedAt + GIVE_UP_MS ? 0 : took);
        if (now > queuedAt + GIVE_UP_MS) now = queuedAt + GIVE_UP_MS;
      }
      expect(now).toBe(queuedAt + GIVE_UP_MS);
      expect(attempts).toBeGreaterThan(25);
      expect(attempts).toBeLessThan(45);
    }),
  );
});
