// Lives at a fixed rate beside a watch on memory and latency; afterwards every one of them is looked up.
import { setTimeout as sleep } from "node:timers/promises";
import { State } from "@countersign/proto/node/core/v1/content";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { BenchBot } from "../bench-harness/bench-bot.ts";
import { type BenchUser, setUpUser } from "../bench-harness/bench-user.ts";
import { inFlight, Wire } from "../bench-harness/wire.ts";
import { bearer } from "../fuzz-harness/installation.ts";
import { type OwnCore, startOwnCore } from "../fuzz-harness/own-core.ts";
import { endOf, live, type Parties } from "./life.ts";
import { judge, type Sample, type Verdict } from "./judge.ts";

export interface SoakOptions {
  readonly seconds: number;
  /** Lives a second; undefined: seven tenths of what the core can do here. */
  readonly rate: number | undefined;
  /** Ends after so many, if that is before the time is over. */
  readonly lives?: number;
  /** Absent: as many as the limits of the policy ask for. */
  readonly users?: number;
  readonly store?: string | undefined;
}

export interface Soaked {
  readonly rate: number;
  readonly users: number;
  readonly lives: number;
  /** How often a call was told to come back. */
  readonly busy: number;
  readonly executed: number;
  readonly executedTwice: number;
  /** Lives that did not end as they should have, as the core tells it afterwards. */
  readonly lost: readonly string[];
  readonly errors: readonly string[];
  readonly verdict: Verdict;
}

const CONNECTIONS = 4;
const AT_ONCE = 16;
/** One below the limit: right after set-up the LINK counts still. */
const PROMPTS_A_MINUTE = 4;
const MINUTE_MS = 60_500;
const CAPACITY_LIVES = 400;
const LOAD = 0.7;
const SAMPLES = 40;
const STATE_OF = { EXECUTED: State.EXECUTED, CANCELLED: State.CANCELLED, REJECTED: State.REJECTED } as const;

/** `folder` exists and is empty. */
export async function soak(folder: string, options: SoakOptions, say: (line: string) => void): Promise<Soaked> {
  const core = await startOwnCore(folder, { store: options.store });
  const app = new Wire(core.address, CONNECTIONS, bearer(core.tokens.submit));
  const till = new Wire(core.address, CONNECTIONS, bearer(core.tokens.execute));
  let bot: BenchBot | undefined;
  try {
    bot = await BenchBot.attach(app, bearer(core.tokens.bot), "telegram");
    const soaking = new Soaking(core, { app, till, bot, retries: { busy: 0 } }, say);
    const rate = options.rate ?? (await soaking.capacity()) * LOAD;
    // Those who measured were asked as often as they may be.
    if (options.rate === undefined) await sleep(MINUTE_MS);
    const users = options.users ?? Math.ceil((rate * 60) / PROMPTS_A_MINUTE) + AT_ONCE;
    await soaking.setUp(users);
    say(`${users} users; ${rate.toFixed(1)} lives a second for ${options.seconds} s`);
    await soaking.run({ rate, seconds: options.seconds, most: options.lives ?? Infinity });
    const lost = await soaking.lost();
    await bot.detach();
    return soaking.result(rate, lost);
  } finally {
    bot?.cancel();
    app.close();
    till.close();
    await core.stop();
  }
}

interface Pace {
  readonly rate: number;
  readonly seconds: number;
  readonly most: number;
}

class Soaking {
  readonly #core: OwnCore;
  readonly #parties: Parties;
  readonly #say: (line: string) => void;
  readonly #users: BenchUser[] = [];
  readonly #executed = new Map<string, number>();
  readonly #lives: { readonly n: number; readonly transactionId: string }[] = [];
  readonly #errors: string[] = [];
  readonly #samples: Sample[] = [];
  #millis: number[] = [];
  #n = 0;
  #user = 0;

  constructor(core: OwnCore, parties: Parties, say: (line: string) => void) {
    this.#core = core;
    this.#parties = parties;
    this.#say = say;
  }

  /** Adds users until there are so many. */
  async setUp(users: number): Promise<void> {
    const { app, bot } = this.#parties;
    const metadata = bearer(this.#core.tokens.submit);
    const first = this.#users.length;
    const indexes = Array.from({ length: Math.max(0, users - first) }, (_, i) => first + i);
    await inFlight(indexes, AT_ONCE, new AbortController().signal, async (index) => {
      this.#users.push(await setUpUser(app, metadata, bot, index));
    });
  }

  /** Lives a second, with as many at once as keep the core busy. */
  async capacity(): Promise<number> {
    await this.setUp(CAPACITY_LIVES / 2);
    const turns = Array.from({ length: CAPACITY_LIVES }, (_, i) => this.#users[i % this.#users.length] as BenchUser);
    await inFlight(turns.slice(0, 100), 2 * AT_ONCE, new AbortController().signal, (user) => this.#live(user));
    const began = performance.now();
    await inFlight(turns.slice(100), 2 * AT_ONCE, new AbortController().signal, (user) => this.#live(user));
    const found = (CAPACITY_LIVES - 100) / ((performance.now() - began) / 1000);
    this.#say(`capacity: ${found.toFixed(1)} lives a second`);
    return found;
  }

  async run({ rate, seconds, most }: Pace): Promise<void> {
    const began = performance.now();
    const every = (1000 * seconds) / SAMPLES;
    const running = new Set<Promise<void>>();
    let lives = 0;
    this.#millis = [];
    while (lives < most && performance.now() - began < 1000 * seconds) {
      const due = Math.floor(((performance.now() - began) / 1000) * rate);
      for (; lives < Math.min(due, most); lives++) {
        const user = this.#freeUser();
        if (user === undefined) continue; // all of them were asked often enough this minute
        const life = this.#live(user).finally(() => running.delete(life));
        running.add(life);
      }
      if (performance.now() - began >= every * (this.#samples.length + 1)) this.#sample(began);
      await sleep(5);
    }
    await Promise.all(running);
    this.#sample(began);
  }

  #sample(began: number): void {
    const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
    const sample = { seconds, lives: this.#lives.length, rssMb: this.#core.rssKb() / 1024, millis: this.#millis };
    this.#millis = [];
    this.#samples.push(sample);
    this.#say(`${seconds} s: ${sample.lives} lives, ${sample.rssMb.toFixed(0)} MB, ${this.#errors.length} errors`);
  }

  /** The next one in turn who may be asked. */
  #freeUser(): BenchUser | undefined {
    const user = this.#users[this.#user++ % this.#users.length];
    if (user === undefined) throw new Error("nobody is set up");
    while ((user.prompts[0] ?? Infinity) < Date.now() - MINUTE_MS) user.prompts.shift();
    return user.prompts.length < PROMPTS_A_MINUTE ? user : undefined;
  }

  async #live(user: BenchUser): Promise<void> {
    const n = this.#n++;
    try {
      const { transactionId, createMs, submitMs } = await live(this.#parties, user, n, (id) => {
        this.#executed.set(id, (this.#executed.get(id) ?? 0) + 1);
      });
      this.#lives.push({ n, transactionId });
      this.#millis.push(createMs + (submitMs ?? 0));
    } catch (error) {
      this.#errors.push(`life ${n}: ${String(error)}`);
      if (this.#errors.length === 1) this.#say(this.#errors[0] ?? "");
    }
  }

  /** Asks the core for each of them. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    const { app } = this.#parties;
    await inFlight(this.#lives, AT_ONCE, new AbortController().signal, async ({ n, transactionId }) => {
      const expected = endOf(n);
      const { transaction } = await app.call(TransactionServiceService.get, { transactionId });
      const times = this.#executed.get(transactionId) ?? 0;
      if (transaction?.state !== STATE_OF[expected] || times !== (expected === "EXECUTED" ? 1 : 0)) {
        lost.push(`${transactionId}: state ${transaction?.state}, executed ${times} times, expected ${expected}`);
      }
    });
    return lost;
  }

  result(rate: number, lost: readonly string[]): Soaked {
    const times = [...this.#executed.values()];
    return {
      ...{ rate: Number(rate.toFixed(1)), users: this.#users.length, lives: this.#lives.length },
      ...{ busy: this.#parties.retries.busy, executed: times.length },
      executedTwice: times.filter((count) => count > 1).length,
      ...{ lost, errors: this.#errors, verdict: judge(this.#samples) },
    };
  }
}
