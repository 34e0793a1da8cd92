// What a core can do, and what it does when five times as much is wanted of it.
import { setTimeout as sleep } from "node:timers/promises";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { cpuMsOf } from "../own-core.ts";
import { callAsSdk, type Tried, type Try } from "./caller.ts";
import { LightWire } from "./light-wire.ts";

export interface OverloadPhase {
  readonly callers: number;
  readonly seconds: number;
  /** Calls that were answered OK before their deadline, a second. */
  readonly goodPerSecond: number;
  /** Tries, a second, refused ones and repeated ones among them. */
  readonly triesPerSecond: number;
  readonly refusedPerSecond: number;
  readonly okP50Ms: number;
  readonly okP99Ms: number;
  readonly refusedP50Ms: number;
  readonly refusedP99Ms: number;
  /** CPU of the core for one call that was answered OK, all else counted in. */
  readonly cpuMsPerGood: number;
  /** Cores that it used. */
  readonly cpuShare: number;
}

/** What the callers of one run saw. */
export interface Measured {
  readonly capacity: OverloadPhase;
  /** Callers that wait as long as RetryInfo says, and want times as much as there is: each a call a second. */
  readonly polite: OverloadPhase;
  /** Callers that ask again at once, whatever they were told; as many as `times` times keep it busy. */
  readonly rude: OverloadPhase;
  /** Good calls a second against capacity. */
  readonly goodputPolite: number;
  readonly goodputRude: number;
  /** Each round's, as the machine was then. */
  readonly rounds: readonly number[];
  /** The same by CPU for a good call, which other load on the machine changes less. */
  readonly goodputPoliteByCpu: number;
  /** Anything but OK and RESOURCE_EXHAUSTED. */
  readonly otherErrors: number;
}

/** Enough to keep the core busy, and fewer than it has places for. */
const AT_CAPACITY = 256;
const CONNECTIONS = 16;
const ROUNDS = 3;
const WARM_SECONDS = 8;
/** Until waits and line are what they stay at. */
const RAMP_SECONDS = 10;
const EVERY_MS = 1000;

/** In turns, so that both see the same machine; rude callers at the end, as what they leave behind is seen by others. */
export async function measureLoad(
  core: { readonly address: string; readonly token: string; readonly pid: number },
  { seconds, times }: { readonly seconds: number; readonly times: number },
): Promise<Measured> {
  const load = new Load(core.address, core.token, () => cpuMsOf(core.pid));
  await load.busy(AT_CAPACITY, WARM_SECONDS);
  const capacities = [await load.busy(AT_CAPACITY, seconds / ROUNDS / 2)];
  const polites: OverloadPhase[] = [];
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = capacities.at(-1)?.goodPerSecond ?? 0;
    const polite = await load.polite(Math.round((times * before * EVERY_MS) / 1000), seconds / ROUNDS);
    polites.push(polite);
    const after = await load.busy(AT_CAPACITY, seconds / ROUNDS / 2);
    capacities.push(after);
    rounds.push(share(polite.goodPerSecond, (before + after.goodPerSecond) / 2));
  }
  const rude = await load.busy(times * AT_CAPACITY, seconds / ROUNDS / 2);
  load.close();
  const [capacity, polite] = [together(capacities), together(polites)];
  return {
    ...{ capacity, polite, rude, rounds },
    goodputPolite: share(polite.goodPerSecond, capacity.goodPerSecond),
    goodputRude: share(rude.goodPerSecond, capacity.goodPerSecond),
    goodputPoliteByCpu: share(capacity.cpuMsPerGood, polite.cpuMsPerGood),
    otherErrors: load.otherErrors,
  };
}

function share(part: number, whole: number): number {
  return Number((part / whole).toFixed(3));
}

/** The median of each figure. */
function together(phases: readonly OverloadPhase[]): OverloadPhase {
  const middle = (figure: keyof OverloadPhase): number =>
    at(
      phases.map((phase) => phase[figure]),
      0.5,
    );
  const figures = Object.keys(phases[0] ?? {}) as (keyof OverloadPhase)[];
  return Object.fromEntries(figures.map((figure) => [figure, middle(figure)])) as unknown as OverloadPhase;
}

/** Writes: each call makes a user, which is one durable commit. */
class Load {
  otherErrors = 0;
  readonly #wire: LightWire;
  readonly #cpuMs: () => number;
  #made = 0;
  #ok: number[] = [];
  #refused: number[] = [];
  #tries = 0;

  constructor(address: string, token: string, cpuMs: () => number) {
    this.#wire = new LightWire(address, CONNECTIONS, token);
    this.#cpuMs = cpuMs;
  }

  /** Callers of which each always has a call under way. */
  busy(callers: number, seconds: number): Promise<OverloadPhase> {
    return this.#run(callers, seconds, 0, async () => void (await this.#try()));
  }

  /** Callers that each want a call a second, and wait as they are told. */
  polite(callers: number, seconds: number): Promise<OverloadPhase> {
    return this.#run(callers, seconds, RAMP_SECONDS, async () => {
      const wanted = performance.now();
      await callAsSdk(() => this.#try());
      const left = wanted + EVERY_MS - performance.now();
      if (left > 0) await sleep(left);
    });
  }

  close(): void {
    this.#wire.close();
  }

  async #run(callers: number, seconds: number, ramp: number, again: () => Promise<void>): Promise<OverloadPhase> {
    const state = { isOver: false };
    const caller = async (_: unknown, n: number): Promise<void> => {
      // They do not come all at once.
      if (ramp > 0) await sleep((EVERY_MS * n) / callers);
      while (!state.isOver) await again();
    };
    const all = Array.from({ length: callers }, caller);
    await sleep(1000 * ramp);
    this.#take();
    const [cpu, began] = [this.#cpuMs(), performance.now()];
    await sleep(1000 * seconds);
    const took = (performance.now() - began) / 1000;
    const used = this.#cpuMs() - cpu;
    const { ok, refused, tries } = this.#take();
    state.isOver = true;
    await Promise.all(all);
    return {
      ...{ callers, seconds: Math.round(took), goodPerSecond: Math.round(ok.length / took) },
      ...{ triesPerSecond: Math.round(tries / took), refusedPerSecond: Math.round(refused.length / took) },
      ...{ okP50Ms: at(ok, 0.5), okP99Ms: at(ok, 0.99) },
      ...{ refusedP50Ms: at(refused, 0.5), refusedP99Ms: at(refused, 0.99) },
      cpuMsPerGood: share(used, Math.max(1, ok.length)),
      cpuShare: share(used, 1000 * took),
    };
  }

  #take(): { readonly ok: number[]; readonly refused: number[]; readonly tries: number } {
    const taken = { ok: this.#ok, refused: this.#refused, tries: this.#tries };
    [this.#ok, this.#refused, this.#tries] = [[], [], 0];
    return taken;
  }

  async #try(): Promise<Try> {
    const userId = `load-${this.#made++}`;
    const request = { requestId: userId, userId, phrase: "blue teapot", locale: "en" };
    const began = performance.now();
    this.#tries += 1;
    const { path, requestSerialize } = UserServiceService.create;
    const { became, retryAfterMs } = await this.#wire.call(path, requestSerialize(request));
    const lists: Partial<Record<Tried, number[]>> = { ok: this.#ok, refused: this.#refused };
    const list = lists[became];
    if (list === undefined) this.otherErrors += 1;
    else list.push(performance.now() - began);
    return { became, retryAfterMs };
  }
}

export function at(all: readonly number[], part: number): number {
  const sorted = all.toSorted((one, other) => one - other);
  return Number((sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(3));
}
