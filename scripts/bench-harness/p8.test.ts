import { expect, test } from "@jest/globals";
import { describeP8, type P8Options, type P8Sample, summariseP8 } from "./p8.ts";
import { atHighest } from "./p8-bench.ts";
import type { Paced } from "./pace.ts";

const sample = (core: number, echo: number): P8Sample => ({
  ...{ core: { p50: core, p99: 9 * core }, echo: { p50: echo, p99: 9 * echo }, fdatasync: 1.5, verify: 0.5 },
});
const CARRIED: Paced = { latencies: [1], unfinished: 0, failed: 0, failure: "" };
const LINE: Paced = { latencies: [1], unfinished: 400, failed: 0, failure: "" };

test("what is added is taken repeat by repeat, beside one write and one check of that repeat", () => {
  const { added, ratio, coreP99 } = summariseP8([sample(10, 2), sample(5, 1), sample(8, 2)]);
  expect(added).toEqual({ median: 6, least: 4, most: 8 });
  expect(ratio).toEqual({ median: 3, least: 2, most: 4 });
  expect(coreP99.median).toBe(72);
});

test("the highest rate is taken that trial and repeats carry, and each one given up is told with its reason", async () => {
  const bench = {
    pay: async (rate: number) => (rate > 250 ? LINE : CARRIED),
    measure: async (rate: number) => (rate > 100 ? { why: "3 failed" } : sample(4, 1)),
  };
  const said: string[] = [];
  const result = await atHighest(bench, [500, 250, 100, 50], 2, (line) => said.push(line));
  expect(result).toMatchObject({ rate: 100, samples: [sample(4, 1), sample(4, 1)] });
  expect(result.given).toEqual([
    { rate: 500, why: "400 were unfinished at the end" },
    { rate: 250, why: "in repeat 1, 3 failed" },
  ]);
  expect(said).toHaveLength(2);
  const text = describeP8(summariseP8(result.samples), result, FACTS, OPTIONS);
  expect(text).toContain("latency at 100 payments/s");
  expect(text).toContain("did not carry 500/s: 400 were unfinished at the end");
});

test("a machine that carries no rate gets no figure", async () => {
  const bench = { pay: async () => LINE, measure: async () => sample(4, 1) };
  await expect(atHighest(bench, [100, 50], 2, () => {})).rejects.toThrow("carries not even 50/s: 400 were unfinished");
});

const OPTIONS: P8Options = { rate: 500, seconds: 1, repeats: 2, warmUp: 1, connections: 1, pin: false };
const FACTS = {
  ...{ cpu: "none", cores: 1, memoryGb: 1, kernel: "0", load: 0, node: "v0" },
  ...{ sqlite: "0", openssl: "0", grpcJs: "0", command: "" },
};
