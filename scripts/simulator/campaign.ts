import type { Plant } from "./plant.ts";
import { runSeed } from "./run.ts";

export interface CampaignOptions {
  readonly from: number;
  /** At most so many, and for at most so long. */
  readonly seeds: number;
  readonly seconds: number;
  readonly plant?: Plant | undefined;
}

export interface Campaign {
  readonly from: number;
  readonly seeds: number;
  readonly seconds: number;
  /** Steps, and operations that went on. */
  readonly events: number;
  /** How often the rules had something to look at. */
  readonly looked: Readonly<Record<string, number>>;
  readonly findings: readonly { readonly seed: number; readonly rule: string; readonly message: string }[];
}

/** After so many findings there is enough to do. */
const MOST_FINDINGS = 10;

/** Runs seeds one after the other; ends early with findings, or when the time is over. */
export async function campaign({ from, seeds, seconds, plant }: CampaignOptions): Promise<Campaign> {
  const began = performance.now();
  const passed = (): number => (performance.now() - began) / 1000;
  const looked = new Map<string, number>();
  const findings: { seed: number; rule: string; message: string }[] = [];
  let [run, events] = [0, 0];
  while (run < seeds && passed() < seconds && findings.length < MOST_FINDINGS) {
    const seed = from + run;
    const result = await runSeed(seed, plant);
    run += 1;
    events += result.events;
    for (const [what, count] of result.looked) looked.set(what, (looked.get(what) ?? 0) + count);
    const { violation } = result;
    if (violation !== undefined) findings.push({ seed, rule: violation.rule, message: violation.message });
  }
  return { from, seeds: run, seconds: passed(), events, looked: Object.fromEntries(looked), findings };
}

/** The first seed that finds a planted bug, or undefined. */
export async function firstFinding(
  plant: Plant,
  most: number,
): Promise<{ readonly seeds: number; readonly message: string } | undefined> {
  for (let seed = 1; seed <= most; seed++) {
    const { violation } = await runSeed(seed, plant);
    if (violation !== undefined) return { seeds: seed, message: violation.message };
  }
  return undefined;
}
