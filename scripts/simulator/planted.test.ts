import { expect, test } from "@jest/globals";
import { firstFinding } from "./campaign.ts";
import { PLANTED } from "./planted.ts";
import { runSeed } from "./run.ts";
import { FIRST_SEEDS, MASKED } from "./planted-seeds.ts";

const MOST_SEEDS = 10_000;

const found = PLANTED.filter(({ name }) => !MASKED.has(name));

test("reliability 7: at least twenty planted bugs, each with its first seed", () => {
  expect(found.length).toBeGreaterThanOrEqual(20);
  expect(found.map(({ name }) => name).toSorted()).toEqual(Object.keys(FIRST_SEEDS).toSorted());
  expect(new Set(PLANTED.map(({ name }) => name)).size).toBe(PLANTED.length);
});

test.each(found.map((plant) => [plant.name, plant] as const))("a planted bug is found: %s", async (name, plant) => {
  const { violation } = await runSeed(FIRST_SEEDS[name] ?? 1, plant);
  if (violation !== undefined) return;
  // The core changed, and with it what that seed means: another one finds it.
  expect(await firstFinding(plant, MOST_SEEDS)).toBeDefined();
});
