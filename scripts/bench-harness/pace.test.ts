import { expect, test } from "@jest/globals";
import { atRate, isCarried, percentile, ratesFrom } from "./pace.ts";

const quiet = new AbortController().signal;

test("as much is begun as the rate says, each told when it was due, and all of it is waited for", async () => {
  const due: number[] = [];
  const paced = await atRate({ rate: 1000, seconds: 0.02 }, quiet, async (index, at) => {
    due.push(at);
    return index;
  });
  expect(paced.latencies).toHaveLength(20);
  expect(paced.failed).toBe(0);
  expect(due.slice(1).map((at, i) => Math.round(at - (due[i] ?? 0)))).toEqual(Array.from({ length: 19 }, () => 1));
});

test("what begins does not wait for what began before, and a line is counted at the end", async () => {
  const all = Promise.withResolvers<undefined>();
  let begun = 0;
  const paced = await atRate({ rate: 1000, seconds: 0.01 }, quiet, async () => {
    begun += 1;
    if (begun === 10) all.resolve(undefined);
    await all.promise;
    return 1;
  });
  expect(paced).toMatchObject({ unfinished: 10, failed: 0 });
});

test("failures are counted, and the first one is told", async () => {
  const paced = await atRate({ rate: 1000, seconds: 0.003 }, quiet, async (index) => {
    if (index > 0) throw new Error(`refused ${index}`);
    return 1;
  });
  expect(paced).toMatchObject({ latencies: [1], failed: 2, failure: "refused 1" });
});

test("nothing more is begun once it is to stop", async () => {
  const stop = new AbortController();
  let begun = 0;
  const running = atRate({ rate: 1000, seconds: 60 }, stop.signal, async () => {
    begun += 1;
    stop.abort(new Error("stopped"));
    return 1;
  });
  await expect(running).rejects.toThrow(/stopped|aborted/);
  expect(begun).toBe(1);
});

test.each([
  [{ unfinished: 125, failed: 0 }, 500, true],
  [{ unfinished: 126, failed: 0 }, 500, false],
  [{ unfinished: 8, failed: 0 }, 10, true],
  [{ unfinished: 0, failed: 1 }, 500, false],
])("%j at %d/s is carried: %s", (paced, rate, carried) => {
  expect(isCarried(paced, rate)).toBe(carried);
});

test("lower rates follow the one that was asked for", () => {
  expect(ratesFrom(500)).toEqual([500, 250, 100, 50]);
  expect(ratesFrom(100)).toEqual([100, 50]);
  expect(ratesFrom(1)).toEqual([1]);
});

test("a percentile is a sample", () => {
  expect(percentile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(percentile([1, 2], 0.99)).toBe(2);
  expect(() => percentile([], 0.5)).toThrow("at least one");
});
