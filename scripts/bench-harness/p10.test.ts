import { expect, test } from "@jest/globals";
import { memoryIn } from "./memory.ts";
import { describeP10, summariseP10, type P10Sample } from "./p10.ts";
import { evenly } from "./p10-bench.ts";

const sample = (readMb: number, againMs: number): P10Sample => ({
  ...{ startedMb: 100, readMb, ownMb: readMb - 50, readsMs: 9, againMs, listeningMs: againMs - 20, againCpuMs: 300 },
});
const samples = {
  empty: [sample(150, 500), sample(160, 500), sample(155, 500)],
  few: [sample(155, 500), sample(180, 500), sample(166, 500)],
  full: [sample(180, 600), sample(200, 2500), sample(186, 700)],
};

test("what is more is taken repeat by repeat", () => {
  const { moreMb, figures } = summariseP10({ samples });
  expect(moreMb.read).toEqual({ median: 31, least: 30, most: 40 });
  expect(moreMb.readOfFew).toEqual({ median: 20, least: 20, most: 25 });
  expect(moreMb.started.median).toBe(0);
  expect(figures.full.againMs).toEqual({ median: 700, least: 600, most: 2500 });
});

test.each([
  [299, false],
  [301, true],
])("after %d s messages may have been given up: %s, and it says so", (ageSeconds, isSaid) => {
  const result = { samples, filledSeconds: 60, diskMb: 400, ageSeconds };
  const facts = { cpu: "", cores: 1, memoryGb: 1, kernel: "", load: 0, node: "" };
  const versions = { sqlite: "", openssl: "", grpcJs: "", command: "" };
  const options = { open: 100_000, repeats: 3, calls: 10 };
  const text = describeP10(summariseP10(result), result, { ...facts, ...versions }, options);
  expect(text).toContain("more than with 10 open   20 MB (20 to 25)");
  expect(text).toContain("31 MB (30 to 40)   goal +60 MB");
  expect(text.includes("messages were given up")).toBe(isSaid);
});

test("memory is read as the kernel writes it", () => {
  const status = "Name:\tVmRSS: 1 kB\nVmRSS:\t  204800 kB\nRssAnon:\t  102400 kB\nRssFile:\t 102400 kB\n";
  expect(memoryIn(status)).toEqual({ allMb: 200, ownMb: 100 });
  expect(() => memoryIn("VmRSS:\t 1 kB\n")).toThrow("no RssAnon");
});

test("reads are spread over all transactions", () => {
  expect(evenly(["a", "b", "c", "d"], 2)).toEqual(["a", "c"]);
  expect(evenly(["a", "b"], 4)).toEqual(["a", "a", "b", "b"]);
});
