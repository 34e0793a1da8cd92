// Kills a real core at named points and at system calls on its store, under payments that go on, and kills it again while
// it recovers. docs/how-to/prove-it-survives.md
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CrashPoint } from "@countersign/core";
import { CallBook } from "./caller.ts";
import { startCoreProcess, type CoreStart } from "./core-process.ts";
import {
  countCalls,
  describePlace,
  mortalCore,
  NAMED_CORE,
  OPENING,
  OPENING_POINTS,
  tracedCore,
  WRITING,
  type Place,
} from "./crash-point.ts";
import { coreFlags, makeInstallation, type Installation } from "./installation.ts";
import { judgeData, openCompares } from "./judge.ts";
import { live } from "./life.ts";
import { Payments } from "./payments.ts";
import { spread } from "./spread.ts";

export interface CrashOptions {
  /** Deaths, those in recovery among them. */
  readonly points: number;
  readonly people: number;
  readonly say?: (line: string) => void;
}

export interface CrashResult {
  /** Places where the core died, by kind. */
  readonly deaths: { readonly named: number; readonly calls: number; readonly recovering: number };
  readonly survived: number;
  readonly faults: readonly string[];
  readonly payments: { readonly executed: number; readonly acknowledged: number };
  /** What calls ended with. */
  readonly endings: Readonly<Record<string, number>>;
}

/** Payments of one life: as many as a place is drawn from. */
const LIFE = { payments: 3, atATime: 2 };
/** A new store after so many deaths: each is judged from its first entry on. */
const DEATHS_A_STORE = 90;

/** Works in a folder of the caller's own. */
export async function crashCampaign(folder: string, options: CrashOptions): Promise<CrashResult> {
  const campaign = new CrashCampaign(await makeInstallation(folder, options.people), options);
  return campaign.run();
}

class CrashCampaign {
  readonly #installation: Installation;
  readonly #options: CrashOptions;
  readonly #book = new CallBook();
  readonly #faults: string[] = [];
  readonly #deaths = { named: 0, calls: 0, recovering: 0 };
  #survived = 0;
  #payments: Payments;
  #stores = 0;
  #executed = 0;
  #acknowledged = 0;

  constructor(installation: Installation, options: CrashOptions) {
    this.#installation = installation;
    this.#options = options;
    this.#payments = new Payments(installation);
    cpSync(this.#data, this.#template, { recursive: true });
  }

  async run(): Promise<CrashResult> {
    const { points } = this.#options;
    const { named, calls } = await this.#workingPlaces();
    const opening = await this.#openingPlaces();
    const [at, by, again] = [named.length, calls.length, opening.length];
    this.#options.say?.(`a life passes ${at} named points and ${by} writing calls, and ${again} places as it recovers`);
    const half = Math.ceil(points * 0.3);
    const [first, second] = [spread(named, half), spread(calls, half)];
    const works = first.flatMap((place, i) => [place, second[i]!]);
    const recoveries = spread(opening, points);
    this.#renew();
    for (let i = 0; this.#total < points && i < 4 * points; i++) {
      await this.#die(works[i % works.length]!, recoveries[i % recoveries.length]!);
      if (this.#total >= (this.#stores + 1) * DEATHS_A_STORE) await this.#closeStore();
      if (i % 25 === 24) this.#options.say?.(`${this.#total} deaths, ${this.#faults.length} faults`);
    }
    await this.#closeStore();
    return {
      ...{ deaths: this.#deaths, survived: this.#survived, faults: [...this.#faults, ...this.#book.faults] },
      payments: { executed: this.#executed, acknowledged: this.#acknowledged },
      endings: Object.fromEntries(this.#book.endings),
    };
  }

  get #total(): number {
    const { named, calls, recovering } = this.#deaths;
    return named + calls + recovering;
  }

  get #data(): string {
    return join(this.#installation.folder, "data");
  }

  get #template(): string {
    return join(this.#installation.folder, "template");
  }

  /** One death at work and, if it came, one in the recovery from it; then the store is judged. */
  async #die(place: Place, recovery: Place): Promise<void> {
    const where = describePlace(place);
    const core = startCoreProcess(mortalCore(this.#installation, place));
    await live(core, this.#installation, this.#payments, this.#book, LIFE);
    if ((await core.stop()) !== "SIGKILL") return; // it ended by itself, before it got there
    this.#deaths[place.type === "point" ? "named" : "calls"] += 1;
    let deaths = 1;
    if (await this.#dieRecovering(recovery)) deaths += 1;
    const faults = await judgeData(this.#data, this.#installation.secrets, this.#payments.ledger);
    if (faults.length === 0) this.#survived += deaths;
    this.#faults.push(...faults.map((fault) => `${where}, then ${describePlace(recovery)}: ${fault}`));
  }

  async #dieRecovering(place: Place): Promise<boolean> {
    const core = startCoreProcess(mortalCore(this.#installation, place));
    const serves = (await core.serving) !== undefined;
    const end = await core.stop("SIGKILL");
    if (serves) return false;
    if (end !== "SIGKILL") throw new Error(`the recovering core ended with ${end}:\n${core.output()}`);
    this.#deaths.recovering += 1;
    return true;
  }

  /** All that is under way gets over on a core that lives; then everything is judged once more. */
  async #closeStore(): Promise<void> {
    const core = startCoreProcess({ args: coreFlags(this.#installation) });
    const options = { ...LIFE, payments: this.#payments.underWay.length };
    await live(core, this.#installation, this.#payments, this.#book, options);
    await untilSettled(this.#data);
    await core.stop();
    const { ledger } = this.#payments;
    const left = [...this.#payments.underWay].map(({ txId }) => `${txId} did not get over`);
    this.#faults.push(...(await judgeData(this.#data, this.#installation.secrets, ledger)), ...left);
    this.#faults.push(...this.#payments.failed);
    this.#executed += ledger.executions.all;
    this.#acknowledged += ledger.acknowledged.size;
    this.#stores += 1;
    this.#renew();
  }

  /** The store as it was before the first payment. */
  #renew(): void {
    rmSync(this.#data, { recursive: true });
    cpSync(this.#template, this.#data, { recursive: true });
    this.#payments = new Payments(this.#installation, undefined, this.#payments.made);
  }

  async #workingPlaces(): Promise<{ named: Place[]; calls: Place[] }> {
    const folder = join(this.#installation.folder, "counting");
    mkdirSync(folder, { recursive: true });
    const [counts, log] = [join(folder, "points"), join(folder, "calls")];
    await this.#liveQuietly({ args: [...coreFlags(this.#installation), "--count-to", counts], entry: NAMED_CORE });
    await this.#liveQuietly(tracedCore(this.#installation, log));
    const passed = JSON.parse(readFileSync(counts, "utf8")) as Record<CrashPoint, number>;
    const named = Object.entries(passed).flatMap(([point, count]) =>
      Array.from({ length: count }, (_, i): Place => ({ type: "point", point: point as CrashPoint, hit: i + 1 })),
    );
    return { named, calls: countCalls(log, WRITING) };
  }

  /** Of a core that opens what another one left that was killed. */
  async #openingPlaces(): Promise<Place[]> {
    const killed = startCoreProcess({ args: coreFlags(this.#installation) });
    await live(killed, this.#installation, this.#payments, this.#book, LIFE);
    await killed.stop("SIGKILL");
    const log = join(this.#installation.folder, "counting/opening");
    const core = startCoreProcess(tracedCore(this.#installation, log));
    await core.serving;
    await core.stop("SIGKILL");
    const points = OPENING_POINTS.map((point): Place => ({ type: "point", point, hit: 1 }));
    return [...points, ...countCalls(log, OPENING)];
  }

  async #liveQuietly(start: CoreStart): Promise<void> {
    const core = startCoreProcess(start);
    await live(core, this.#installation, this.#payments, this.#book, LIFE);
    const end = await core.stop();
    if (end !== 0) throw new Error(`the counting core ended with ${end}:\n${core.output()}`);
  }
}

/** A compare that nobody came back for is finished by the core itself, seconds later. */
async function untilSettled(data: string): Promise<void> {
  const end = Date.now() + 180_000;
  while (openCompares(data) > 0) {
    if (Date.now() > end) throw new Error(`${openCompares(data)} compares are open three minutes after the recovery`);
    await sleep(100);
  }
}
