import type { Plant } from "./plant.ts";
import { runSeed } from "./run.ts";

export interface CampaignOptions {
  readonly from: number;
  /** At most so many, and for at most so long. */
  readonly seeds: number;
  readonly seconds: number;
  /** Every so many-th seed: the others are for other processes. 1 unless given. */
  readonly stride?: number;
  readonly plant?: Plant | undefined;
  /** Lives in which several people confirm. */
  readonly together?: boolean;
}

export interface Campaign {
  readonly from: number;
  readonly seeds: number;
  readonly seconds: number;
  /** Of the processor, in all processes. */
  readonly cpuSeconds: number;
  /** Steps, and operations that went on. */
  readonly events: number;
  /** How often the rules had something to look at. */
  readonly looked: Readonly<Record<string, number>>;
  readonly findings: readonly { readonly seed: number; readonly rule: string; readonly message: string }[];
}

/** After so many findings there is enough to do. */
const MOST_FINDINGS = 10;

/** Runs seeds one after the other; ends early with findings, or when the time is over. */
export async function campaign({
  from,
  seeds,
  seconds,
  stride = 1,
  plant,
  together,
}: CampaignOptions): Promise<Campaign> {
  const began = performance.now();
  const passed = (): number => (performance.now() - began) / 1000;
  const looked = new Map<string, number>();
  const findings: { seed: number; rule: string; message: string }[] = [];
  let [run, events] = [0, 0];
  while (run < seeds && passed() < seconds && findings.length < MOST_FINDINGS) {
    const seed = from + run * stride;
    const result = await runSeed(seed, plant, together);
    run += 1;
    events += result.events;
    for (const [what, count] of result.looked) looked.set(what, (looked.get(what) ?? 0) + count);
    const { violation } = result;
    if (violation !== undefined) findings.push({ seed, rule: violation.rule, message: violation.message });
  }
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  return { from, seeds: run, seconds: passed(), cpuSeconds, events, looked: Object.fromEntries(looked), findings };
}

/** Several campaigns that ran beside each other, as one. */
export function merge(campaigns: readonly Campaign[]): Campaign {
  const sum = (of: (campaign: Campaign) => number): number => campaigns.reduce((total, one) => total + of(one), 0);
  const looked: Record<string, number> = {};
  for (const one of campaigns) {
    for (const [what, count] of Object.entries(one.looked)) looked[what] = (looked[what] ?? 0) + count;
  }
  return {
    from: Math.min(...campaigns.map(({ from }) => from)),
    seeds: sum(({ seeds }) => seeds),
    seconds: Math.max(...campaigns.map(({ seconds }) => seconds)),
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    events: sum(({ events }) => events),
    looked,
    findings: campaigns.flatMap(({ findings }) => findings).toSorted((a, b) => a.seed - b.seed),
  };
}

/** The first seed that finds a planted bug, or undefined. */
export async function firstFinding(
  plant: Plant,
  most: number,
): Promise<{ readonly seed: number; readonly rule: string } | undefined> {
  for (let seed = 1; seed <= most; seed++) {
    const { violation } = await runSeed(seed, plant);
    if (violation !== undefined) return { seed, rule: violation.rule };
  }
  return undefined;
}
