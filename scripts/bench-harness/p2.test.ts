import { expect, test } from "@jest/globals";
import type { Facts } from "./figures.ts";
import type { Sample } from "./p1.ts";
import { describeCalls, summariseCalls } from "./p2.ts";

const sample = (micros: number): Sample => ({ micros, mainMicros: micros / 2, units: 10, seconds: 2 });
const samples = {
  call: [sample(500), sample(1000), sample(800)],
  echo: [sample(60), sample(100), sample(120)],
  work: [sample(40), sample(100), sample(40)],
};

test("the limit of each repeat is its echo and its work, over what the core took in that repeat", () => {
  const summary = summariseCalls(samples);
  expect(summary.limitMicros).toEqual({ median: 160, least: 100, most: 200 });
  expect(summary.ratio).toEqual({ median: 0.2, least: 0.2, most: 0.2 });
  expect(summary.micros.call.median).toBe(800);
  expect(summary.wallPerSecond.median).toBe(5);
});

test.each([
  ["P2", "bare SQL", "goal 0.85"],
  ["P3", "P-256 verify", "goal 0.80"],
] as const)("%s names its limit and its goal", (goal, limit, wanted) => {
  const options = { transactions: 1, repeats: 3, warmUp: 1, inFlight: 1, connections: 1, pin: false };
  const text = describeCalls(goal, summariseCalls(samples), FACTS, options);
  expect(text).toContain(limit);
  expect(text).toContain(`0.20 (0.20 to 0.20)   ${wanted}`);
});

const FACTS: Facts = {
  ...{ cpu: "none", cores: 1, memoryGb: 1, kernel: "0", load: 0, node: "v0" },
  ...{ sqlite: "0", openssl: "0", grpcJs: "0", command: "" },
};
