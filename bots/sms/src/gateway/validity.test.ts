import { ManualTimer } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Validity } from "./validity.ts";

test("what is told never ends later than notAfter, whenever the request leaves", async () => {
  const ms = fc.integer({ min: 0, max: 600_000 });
  const arbitrary = fc.asyncProperty(
    ms,
    fc.integer({ min: 0, max: 9_000 }),
    fc.boolean(),
    async (left, wait, inMinutes) => {
      const timer = new ManualTimer();
      const notAfter = new Date(timer.now().getTime() + left);
      const validity = new Validity(notAfter, timer, false);
      let told = 0;
      let leaves = true;
      try {
        told = inMinutes ? Number(validity.minutes()) * 60_000 : Number(validity.seconds()) * 1_000;
        await timer.advance(wait);
        validity.refuseStale();
      } catch {
        leaves = false;
      }
      expect(leaves && timer.now().getTime() + told > notAfter.getTime()).toBe(false);
      expect(leaves || left < 60_000 || wait > 0).toBe(true);
    },
  );
  await fc.assert(arbitrary, { numRuns: 200 });
});

test("rounded up where the operator takes that; nothing to tell where there is no end", () => {
  const timer = new ManualTimer();
  const soon = new Date(timer.now().getTime() + 10_000);
  expect(new Validity(soon, timer, true).minutes()).toBe("1");
  expect(() => new Validity(soon, timer, false).minutes()).toThrow(
    expect.objectContaining({ fate: "not-sent", detail: "late" }),
  );
  expect(new Validity(undefined, timer, false).minutes()).toBeUndefined();
  expect(new Validity(undefined, timer, false).seconds()).toBeUndefined();
});
