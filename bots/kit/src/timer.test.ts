import { expect, test } from "@jest/globals";
import { systemTimer } from "./timer.ts";

// Providers name times to wait, and node takes one of more than 2^31 - 1 ms for 1 ms: a loop without a pause.
test.each([2 ** 31, 1e15, Number.MAX_VALUE, Infinity])("%d ms are not over at once", async (ms) => {
  const over = new AbortController();
  const slept = systemTimer.sleep(ms, over.signal).then(() => "over");
  expect(await Promise.race([slept, systemTimer.sleep(20).then(() => "sleeps")])).toBe("sleeps");
  over.abort();
  expect(await slept).toBe("over");
});
