import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { campaign, type Campaign } from "./campaign.ts";
import { PLANTED } from "./planted.ts";
import { digestOf, runSchedule, runSeed, shrink } from "./run.ts";
import { scheduleOf } from "./step.ts";

const SLICE = 250;

test("reliability 7: no promise is broken in a slice of all lives", async () => {
  const { findings, seeds, looked } = await campaign({ from: 1, seeds: SLICE, seconds: Infinity });
  expect(findings).toEqual([]);
  // The lives were lives: codes were compared, things were executed, people were told.
  expect(seeds).toBe(SLICE);
  for (const what of [
    "promise",
    "step",
    "verdict",
    "acceptance",
    "answer",
    "effect",
    "thaw",
    "hand-out",
    "forged row",
  ]) {
    expect(looked[what]).toBeGreaterThan(0);
  }
});

test("nor in a slice of the lives in which several people confirm", async () => {
  const { findings, looked } = await campaign({ from: 1, seeds: 60, seconds: Infinity, together: true });
  expect(findings).toEqual([]);
  for (const what of ["confirmation by several", "approver's no", "acceptance", "effect"]) {
    expect(looked[what]).toBeGreaterThan(0);
  }
});

test("the same seed is the same life, to the byte, also beside others", async () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  const alone: string[] = [];
  for (const seed of seeds) alone.push(digestOf(await runSeed(seed)));
  const together = await Promise.all(seeds.map((seed) => runSeed(seed)));
  expect(together.map(digestOf)).toEqual(alone);
  expect(new Set(alone).size).toBe(seeds.length);
});

test("scripts/sim lives over a platform of its own, and the same lives as over the real one", async () => {
  for (const seed of [1, 2, 12]) {
    const { text } = sim("--seed", String(seed));
    expect(text).toContain(`digest ${digestOf(await runSeed(seed))}`);
  }
  expect(sim("--seed", "3", "--together").text).toContain(`digest ${digestOf(await runSeed(3, undefined, true))}`);
});

test("in several processes the same seeds are lived, each once", () => {
  const [one, three] = [1, 3].map((jobs) => sim("--seeds", "50", "--jobs", String(jobs), "--json"));
  const [alone, shared] = [one, three].map((run) => JSON.parse(run?.text ?? "") as Campaign);
  expect(shared).toMatchObject({ from: 1, seeds: 50, events: alone?.events, looked: alone?.looked, findings: [] });
});

const PLANT = PLANTED.find(({ name }) => name === "a transaction's version is not compared");

test("what fails shrinks to a few steps that break the same promise", async () => {
  const seed = await firstSeed();
  const whole = scheduleOf(seed);
  const { violation } = await runSchedule(seed, whole, PLANT);
  const short = await shrink(seed, whole, violation?.rule ?? "", PLANT);
  expect(short.steps.length).toBeLessThan(whole.steps.length / 2);
  const again = await runSchedule(seed, short, PLANT);
  expect(again.violation?.rule).toBe(violation?.rule);
});

test("scripts/sim: a finding ends with 1 and the line that replays it, which replays it", async () => {
  const seed = await firstSeed();
  const found = sim("--from", String(seed), "--seeds", "1", "--plant", PLANT?.name ?? "");
  expect(found.status).toBe(1);
  expect(found.text).toContain(`scripts/sim --seed ${seed} --plant "${PLANT?.name}"`);
  const replayed = sim("--seed", String(seed), "--plant", PLANT?.name ?? "");
  expect(replayed.status).toBe(1);
  expect(replayed.text.trimEnd().split("\n").at(-1)).toMatch(/^lost update: /);
});

async function firstSeed(): Promise<number> {
  for (let seed = 1; ; seed++) if ((await runSeed(seed, PLANT)).violation?.rule === "lost update") return seed;
}

function sim(...args: readonly string[]): { readonly status: number; readonly text: string } {
  try {
    const text = execFileSync(join(ROOT, "scripts/sim"), args, { encoding: "utf8", timeout: 280_000, stdio: "pipe" });
    return { status: 0, text };
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: string };
    return { status, text: stdout };
  }
}
