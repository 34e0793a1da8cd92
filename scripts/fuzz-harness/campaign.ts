// All targets in ten rounds, each with a tenth of its inputs: what memory there is after the first one has to do.
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { DECODERS } from "./decoders.ts";
import { fuzzDecoder, type Finding } from "./fuzz-decoders.ts";
import { fuzzWire } from "./fuzz-wire.ts";
import { install } from "./installation.ts";
import { startOwnCore } from "./own-core.ts";
import { wireTargets } from "./wire-targets.ts";

export interface CampaignOptions {
  readonly inputs: number;
  readonly seed: number;
  /** Names of targets; empty: all. */
  readonly only: readonly string[];
  /** The first input of each target, to replay a finding. */
  readonly from: number;
}

export interface Campaign {
  readonly inputs: number;
  readonly seconds: number;
  /** Of this process, which runs the decoders, and of the core: megabytes in RAM after the first tenth and at the end. */
  readonly rssMb: Readonly<Record<"own" | "core", readonly [first: number, last: number]>>;
  /** How often which answer came; of decoders how many inputs were accepted. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly findings: readonly Finding[];
}

const ROUNDS = 10;
/** Parts of all inputs that go over the wire; the decoders share the rest. */
const WIRE_SHARE: Readonly<Record<string, number>> = { grpc: 0.06, "grpc-web": 0.01, bot: 0.005, frames: 0.005 };
/** What the core keeps shows in a heap that is small: in a large one Node would let it grow, and collect later. */
const HEAP_MB = 128;
/** More memory at the end than after the first tenth. */
const MOST_GROWTH = 1.05;
/** With fewer inputs the first tenth is over before compiled code and caches have found their size. */
const FEWEST_FOR_MEMORY = 1_000_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

export async function runCampaign(
  folder: string,
  options: CampaignOptions,
  say: (line: string) => void,
): Promise<Campaign> {
  const began = performance.now();
  const core = await startOwnCore(folder, { heapMb: HEAP_MB });
  const targets = wireTargets(core, await install(core));
  const { only, seed } = options;
  const isAsked = (name: string): boolean => only.length === 0 || only.includes(name);
  const decoders = DECODERS.filter(({ name }) => isAsked(name));
  const doors = targets.filter(({ name }) => isAsked(name));
  const overWire = doors.reduce((sum, { name }) => sum + shareOf(name), 0);
  const each = (share: number): number => Math.ceil((options.inputs * share) / ROUNDS);
  const answers: Record<string, Record<string, number>> = {};
  const findings: Finding[] = [];
  const rss = { own: [] as number[], core: [] as number[] };
  let inputs = 0;
  const take = (target: string, found: Readonly<Record<string, number>>, many: number): void => {
    const known = (answers[target] ??= {});
    for (const [name, count] of Object.entries(found)) known[name] = (known[name] ?? 0) + count;
    inputs += many;
  };
  for (let round = 0; round < ROUNDS && findings.length === 0; round++) {
    for (const { name } of decoders) {
      const many = each((doors.length === 0 ? 1 : 1 - overWire) / decoders.length);
      const fuzzed = await fuzzDecoder(name, { seed, from: options.from + round * many, inputs: many });
      take(name, { accepted: fuzzed.accepted }, many);
      findings.push(...fuzzed.findings);
    }
    for (const door of doors) {
      const many = each(decoders.length === 0 ? shareOf(door.name) / overWire : shareOf(door.name));
      const fuzzed = await fuzzWire(door, { seed, from: options.from + round * many, inputs: many });
      take(door.name, fuzzed.answers, many);
      findings.push(...fuzzed.findings);
      if (!core.isAlive) {
        findings.push({ target: door.name, seed, n: round * many, what: `the core ended:\n${core.output()}`, hex: "" });
        break;
      }
    }
    collect();
    rss.own.push(process.memoryUsage.rss() / 2 ** 20);
    rss.core.push(core.isAlive ? core.rssKb() / 1024 : Infinity);
    say(
      `round ${round + 1}: ${inputs} inputs, core ${rss.core.at(-1)?.toFixed(0)} MB, own ${rss.own.at(-1)?.toFixed(0)} MB`,
    );
  }
  for (const target of targets) target.close();
  const code = await core.stop();
  const wrong = (what: string): Finding => ({ target: "campaign", seed, n: 0, what, hex: "" });
  if (code !== 0) findings.push(wrong(`the core ended with ${code}`));
  if (core.output().includes("unexpected error")) findings.push(wrong(core.output().slice(0, 2000)));
  for (const [whose, [first = 0, ...others]] of Object.entries(rss)) {
    const last = others.at(-1) ?? first;
    if (options.inputs >= FEWEST_FOR_MEMORY && last > first * MOST_GROWTH)
      findings.push(wrong(`memory (${whose}): ${first.toFixed(0)} to ${last.toFixed(0)} MB`));
  }
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  return { inputs, seconds, rssMb: { own: ends(rss.own), core: ends(rss.core) }, answers, findings };
}

function shareOf(name: string): number {
  return WIRE_SHARE[name] ?? 0;
}

function ends(all: readonly number[]): readonly [first: number, last: number] {
  return [Math.round(all[0] ?? 0), Math.round(all.at(-1) ?? 0)];
}
