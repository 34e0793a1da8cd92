// Goal P6: full transactions by two cores on one Redis against one. Each core is a process of one thread, so where each has
// a CPU of its own it does as many as its CPU allows: two do 2 × (CPU of a transaction by one) / (CPU of one by both).
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromHex, macKey } from "@countersign/protocol";
import { runOnce, startChild, type Child } from "@countersign/testing/child";
import type { Client, Metadata } from "@grpc/grpc-js";
import { startRedis, type RedisServer } from "../../core/server/src/store/redis/testing/redis-server.ts";
import { BenchBot } from "./bench-bot.ts";
import { PLATFORM } from "./bench-core.ts";
import { setUpUser, type BenchUser } from "./bench-user.ts";
import { Calendar } from "./calendar.ts";
import { cpuSecondsOf, type Facts, type Spread, spreadOf } from "./figures.ts";
import { codesFrom, Payments, type CodeSource } from "./payment.ts";
import { bearerOf, inFlight, Wire } from "./wire.ts";

const MAIN = "core/server/src/main.ts";
/** Below the limit of 5 a minute: the LINK counts, too. */
const PROMPTS_A_USER = 4;
const SET_UP_AT_A_TIME = 16;

export interface P6Options {
  /** Transactions a repeat, of each kind. */
  readonly transactions: number;
  readonly repeats: number;
  /** Transactions of each kind before the first repeat. */
  readonly warmUp: number;
  readonly inFlight: number;
  readonly connections: number;
}

/** Over how many cores the calls take turns; in "two" Create and SubmitStatement of a transaction may be at different ones. */
export type P6Variant = "one" | "two";

/** One variant in one repeat, for one transaction. */
export interface P6Sample {
  /** CPU of the cores that were called. */
  readonly micros: number;
  /** CPU of the core that was called least, as a share of all. */
  readonly leastShare: number;
  readonly redisMicros: number;
  readonly perSecond: number;
}

export interface P6Summary {
  readonly micros: Readonly<Record<P6Variant, Spread>>;
  readonly redisMicros: Readonly<Record<P6Variant, Spread>>;
  readonly wallPerSecond: Readonly<Record<P6Variant, Spread>>;
  /** Transactions by two cores with a CPU each over those by one, repeat by repeat: the goal is 1.7. */
  readonly ratio: Spread;
}

type Samples = Readonly<Record<P6Variant, P6Sample[]>>;

/** Calls take turns over the connections of one core, or of two. */
class CoresWire extends Wire {
  readonly #second: Wire;
  over: P6Variant = "one";
  #turn = 0;

  constructor(addresses: readonly [string, string], connections: number, metadata: Metadata) {
    super(addresses[0], connections, metadata);
    this.#second = new Wire(addresses[1], connections, metadata);
  }

  override client(): Client {
    this.#turn += 1;
    return this.over === "two" && this.#turn % 2 === 0 ? this.#second.client() : super.client();
  }

  override close(): void {
    super.close();
    this.#second.close();
  }
}

/** Redis, two cores, and users who may confirm. */
class P6Bench {
  readonly #redis: RedisServer;
  readonly #cores: readonly [Child, Child];
  readonly #wire: CoresWire;
  readonly #payments: Payments;
  readonly #codes: CodeSource;
  readonly #calendar: Calendar;
  readonly #options: P6Options;
  readonly #signal: AbortSignal;

  private constructor(parts: Running, users: readonly BenchUser[], options: P6Options, signal: AbortSignal) {
    this.#redis = parts.redis;
    this.#cores = parts.cores;
    this.#wire = parts.wire;
    this.#payments = new Payments(parts.wire);
    this.#codes = codesFrom({ codeKey: macKey(fromHex(readFileSync(parts.codeKeyFile, "utf8").trim())) });
    this.#calendar = new Calendar(users);
    this.#options = options;
    this.#signal = signal;
  }

  static async start(folder: string, options: P6Options, signal: AbortSignal): Promise<P6Bench> {
    const running = await startParts(folder, options.connections);
    try {
      const { warmUp, repeats, transactions, inFlight: most } = options;
      const users = Math.max(Math.ceil((2 * (warmUp + repeats * transactions)) / PROMPTS_A_USER), 2 * most);
      return new P6Bench(running, await setUp(running, users, signal), options, signal);
    } catch (error) {
      await stopParts(running);
      throw error;
    }
  }

  async pay(variant: P6Variant, count: number): Promise<P6Sample> {
    const { turns, waitMs } = this.#calendar.plan(count, Date.now());
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#signal });
    this.#wire.over = variant;
    const pids = this.#cores.map(({ process }) => process.pid ?? 0);
    const called = variant === "one" ? pids.slice(0, 1) : pids;
    const redisPid = this.#redis.process.pid ?? 0;
    const [before, redisBefore, began] = [called.map(cpuSecondsOf), cpuSecondsOf(redisPid), performance.now()];
    await inFlight(turns, this.#options.inFlight, this.#signal, async (user) => {
      await this.#payments.pay(user, this.#codes);
    });
    const seconds = (performance.now() - began) / 1000;
    const spent = called.map((pid, i) => cpuSecondsOf(pid) - (before[i] ?? 0));
    const all = spent.reduce((sum, one) => sum + one, 0);
    return {
      micros: (all * 1e6) / count,
      leastShare: Math.min(...spent) / all,
      redisMicros: ((cpuSecondsOf(redisPid) - redisBefore) * 1e6) / count,
      perSecond: count / seconds,
    };
  }

  stop(): Promise<void> {
    return stopParts({ redis: this.#redis, cores: this.#cores, wire: this.#wire });
  }
}

interface Running {
  readonly redis: RedisServer;
  readonly cores: readonly [Child, Child];
  readonly wire: CoresWire;
  readonly botToken: string;
  readonly metadata: Metadata;
  readonly codeKeyFile: string;
}

async function startParts(folder: string, connections: number): Promise<Running> {
  mkdirSync(join(folder, "tokens"));
  const redis = await startRedis({ folder: join(folder, "redis") });
  const store = ["--store", `redis://127.0.0.1:${redis.port}`, "--secrets", join(folder, "secrets")];
  const tenant = ["--tenant", "bench", "--issuer", "Bench Bank", "--app", "app:submit", "--bot", `bot:${PLATFORM}`];
  await runOnce(MAIN, ["bootstrap", ...store, "--out", join(folder, "tokens"), ...tenant]);
  const serve = ["serve", ...store, "--listen", "127.0.0.1:0", "--log-level", "warn", "--development"];
  const cores = [await startChild(MAIN, serve), await startChild(MAIN, serve)] as const;
  const metadata = bearerOf(join(folder, "tokens/app.token"));
  const addresses = [String(cores[0].ready["address"]), String(cores[1].ready["address"])] as const;
  return {
    ...{ redis, cores, metadata, wire: new CoresWire(addresses, connections, metadata) },
    botToken: join(folder, "tokens/bot.token"),
    codeKeyFile: join(folder, "secrets/code.key"),
  };
}

async function stopParts({ redis, cores, wire }: Pick<Running, "redis" | "cores" | "wire">): Promise<void> {
  wire.close();
  await Promise.all(cores.map((core) => core.stop()));
  await redis.stop();
}

async function setUp({ wire, metadata, botToken }: Running, count: number, signal: AbortSignal): Promise<BenchUser[]> {
  const bot = await BenchBot.attach(wire, bearerOf(botToken), PLATFORM);
  try {
    const users: BenchUser[] = [];
    const indexes = Array.from({ length: count }, (_, index) => index);
    await inFlight(indexes, SET_UP_AT_A_TIME, signal, async (index) => {
      users.push(await setUpUser(wire, metadata, bot, index));
    });
    await bot.detach();
    return users;
  } finally {
    bot.cancel();
  }
}

/** Runs in a folder that is empty and the caller's own. Ends early, by an error, when the signal says so. */
export async function measureP6(
  folder: string,
  options: P6Options,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Samples> {
  const bench = await P6Bench.start(folder, options, signal);
  try {
    say(`warming up with ${options.warmUp} transactions over one core and two`);
    for (const variant of ["one", "two"] as const) await bench.pay(variant, options.warmUp);
    const samples: Samples = { one: [], two: [] };
    for (let repeat = 1; repeat <= options.repeats; repeat += 1) {
      say(`repeat ${repeat} of ${options.repeats}`);
      for (const variant of ["one", "two"] as const)
        samples[variant].push(await bench.pay(variant, options.transactions));
    }
    return samples;
  } finally {
    await bench.stop();
  }
}

export function summariseP6(samples: Samples): P6Summary {
  const each = (figure: (sample: P6Sample) => number): Record<P6Variant, Spread> => ({
    one: spreadOf(samples.one.map(figure)),
    two: spreadOf(samples.two.map(figure)),
  });
  // The two share the calls almost evenly; the one that did more is the one that is waited for.
  const ratios = samples.one.map(({ micros }, i) => {
    const two = samples.two[i];
    return two === undefined ? 0 : micros / (two.micros * (1 - two.leastShare));
  });
  return {
    micros: each(({ micros }) => micros),
    redisMicros: each(({ redisMicros }) => redisMicros),
    wallPerSecond: each(({ perSecond }) => perSecond),
    ratio: spreadOf(ratios),
  };
}

/** For people. */
export function describeP6(summary: P6Summary, facts: Facts, options: P6Options): string {
  const row = (variant: P6Variant): string =>
    `${variant.padEnd(6)}us CPU of cores ${spreadText(summary.micros[variant])}, of Redis ${spreadText(summary.redisMicros[variant])}, ` +
    `by the clock ${spreadText(summary.wallPerSecond[variant])} transactions/s`;
  return [
    `P6: full transactions over one core and over two on one Redis; median (least to most) of ${options.repeats} interleaved repeats`,
    row("one"),
    row("two"),
    `P6, two cores with a CPU each against one   ${spreadText(summary.ratio)}   goal 1.7`,
    `${options.transactions} transactions a repeat, ${options.warmUp} before, ${options.inFlight} in flight, ${options.connections} connections to each core`,
    `${facts.cpu}, ${facts.cores} cores, ${facts.memoryGb} GB, Linux ${facts.kernel}, load ${facts.load.toFixed(1)}`,
    `Node ${facts.node}, grpc-js ${facts.grpcJs}`,
    facts.command,
  ].join("\n");
}

function spreadText({ median, least, most }: Spread): string {
  return `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}
