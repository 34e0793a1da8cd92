// All targets in ten rounds, each with a tenth of its inputs: what memory there is after the first one has to do. Where
// memory is judged, more rounds go before.
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { DECODERS } from "./decoders.ts";
import { fuzzDecoder, type Finding, type Share } from "./fuzz-decoders.ts";
import { fuzzWire } from "./fuzz-wire.ts";
import { install } from "./installation.ts";
import { type OwnCore, startOwnCore } from "./own-core.ts";
import { type WireTarget, wireTargets } from "./wire-targets.ts";

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
/** Rounds before the first, where memory is judged: until the core's caches (SQLite's 16 MB of pages) are full. */
const FILLING = 4;
/** Parts of all inputs that go over the wire; the decoders share the rest. */
const WIRE_SHARE: Readonly<Record<string, number>> = { grpc: 0.06, "grpc-web": 0.01, bot: 0.005, frames: 0.005 };
/** What the core keeps shows in a heap that is small: in a large one Node would let it grow, and collect later. */
const HEAP_MB = 128;
/** More memory at the end than after the first tenth. */
const MOST_GROWTH = 1.05;
/** With fewer inputs even all of them do not fill the caches. */
const FEWEST_FOR_MEMORY = 5_000_000;

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
  const running = new Running(core, targets, options);
  const isMemoryJudged = options.inputs >= FEWEST_FOR_MEMORY;
  if (isMemoryJudged) for (let i = 0; i < FILLING; i++) say(`filling the caches, ${await running.round(ROUNDS + i)}`);
  running.forgetMemory();
  for (let round = 0; round < ROUNDS && running.findings.length === 0; round++) say(await running.round(round));
  for (const target of targets) target.close();
  const code = await core.stop();
  if (code !== 0) running.finding(`the core ended with ${code}`);
  if (core.output().includes("unexpected error")) running.finding(core.output().slice(0, 2000));
  if (isMemoryJudged) running.judgeMemory();
  const { inputs, answers, findings, rss } = running;
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  return { inputs, seconds, rssMb: { own: ends(rss.own), core: ends(rss.core) }, answers, findings };
}

class Running {
  readonly answers: Record<string, Record<string, number>> = {};
  readonly findings: Finding[] = [];
  /** Megabytes after each round. */
  readonly rss: Readonly<Record<"own" | "core", number[]>> = { own: [], core: [] };
  inputs = 0;
  readonly #core: OwnCore;
  readonly #options: CampaignOptions;
  readonly #decoders: readonly string[];
  readonly #doors: readonly WireTarget[];
  readonly #overWire: number;

  constructor(core: OwnCore, targets: readonly WireTarget[], options: CampaignOptions) {
    this.#core = core;
    this.#options = options;
    const isAsked = ({ name }: { readonly name: string }): boolean =>
      options.only.length === 0 || options.only.includes(name);
    this.#decoders = DECODERS.filter(isAsked).map(({ name }) => name);
    this.#doors = targets.filter(isAsked);
    this.#overWire = this.#doors.reduce((sum, { name }) => sum + shareOf(name), 0);
  }

  /** A tenth of all inputs. Says what there is in memory after it. */
  async round(round: number): Promise<string> {
    const rest = this.#doors.length === 0 ? 1 : 1 - this.#overWire;
    for (const name of this.#decoders) {
      const part = this.#part(round, rest / this.#decoders.length);
      const { accepted, findings } = await fuzzDecoder(name, part);
      this.#take(name, { accepted }, part.inputs, findings);
    }
    for (const door of this.#doors) {
      const share = shareOf(door.name);
      const part = this.#part(round, this.#decoders.length === 0 ? share / this.#overWire : share);
      const { answers, findings } = await fuzzWire(door, part);
      this.#take(door.name, answers, part.inputs, findings);
      if (this.#core.isAlive) continue;
      this.finding(`the core ended:\n${this.#core.output()}`, door.name, part.from);
      break;
    }
    collect();
    const own = process.memoryUsage.rss() / 2 ** 20;
    const core = this.#core.isAlive ? this.#core.rssKb() / 1024 : Infinity;
    this.rss.own.push(own);
    this.rss.core.push(core);
    return `round ${round + 1}: ${this.inputs} inputs, core ${core.toFixed(0)} MB, own ${own.toFixed(0)} MB`;
  }

  /** What follows is judged by itself. */
  forgetMemory(): void {
    for (const all of Object.values(this.rss)) all.length = 0;
  }

  judgeMemory(): void {
    for (const [whose, all] of Object.entries(this.rss)) {
      const [first, last] = [all[0] ?? 0, all.at(-1) ?? 0];
      if (last > first * MOST_GROWTH) this.finding(`memory (${whose}): ${first.toFixed(0)} to ${last.toFixed(0)} MB`);
    }
  }

  finding(what: string, target = "campaign", n = 0): void {
    this.findings.push({ target, seed: this.#options.seed, n, what, hex: "" });
  }

  #part(round: number, share: number): Share {
    const inputs = Math.ceil((this.#options.inputs * share) / ROUNDS);
    return { seed: this.#options.seed, from: this.#options.from + round * inputs, inputs };
  }

  #take(target: string, found: Readonly<Record<string, number>>, inputs: number, findings: readonly Finding[]): void {
    const known = (this.answers[target] ??= {});
    for (const [name, count] of Object.entries(found)) known[name] = (known[name] ?? 0) + count;
    this.inputs += inputs;
    this.findings.push(...findings);
  }
}

function shareOf(name: string): number {
  return WIRE_SHARE[name] ?? 0;
}

function ends(all: readonly number[]): readonly [first: number, last: number] {
  return [Math.round(all[0] ?? 0), Math.round(all.at(-1) ?? 0)];
}
