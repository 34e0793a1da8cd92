import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { firstFinding } from "./campaign.ts";
import { HOW_TO, MOST_SEEDS, readFirstSeeds, tableIn, tableOf } from "./first-seeds.ts";
import { MASKED, PLANTED } from "./planted.ts";
import { runSeed } from "./run.ts";

const first = readFirstSeeds();
const found = PLANTED.filter(({ name }) => !MASKED.has(name));

test("reliability 7: at least twenty planted bugs, each with its first seed", () => {
  expect(found.length).toBeGreaterThanOrEqual(20);
  expect(found.map(({ name }) => name).toSorted()).toEqual(Object.keys(first).toSorted());
  expect(new Set(PLANTED.map(({ name }) => name)).size).toBe(PLANTED.length);
});

test("the table in the how-to is the one that was measured", () => {
  expect(tableIn(readFileSync(HOW_TO, "utf8"))).toBe(tableOf(first));
});

test.each(found.map((plant) => [plant.name, plant] as const))("a planted bug is found: %s", async (name, plant) => {
  const { violation } = await runSeed(first[name]?.seed ?? 1, plant);
  if (violation !== undefined) return;
  // The core changed, and with it what that seed means: another one finds it.
  expect(await firstFinding(plant, MOST_SEEDS)).toBeDefined();
});
