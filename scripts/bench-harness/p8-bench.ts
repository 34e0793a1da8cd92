import { generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bootstrapCore, serveCore, type BenchCore } from "./bench-core.ts";
import type { BenchUser } from "./bench-user.ts";
import { Calendar } from "./calendar.ts";
import { startEcho, type Echo } from "./limit.ts";
import type { P8Options, P8Result, P8Sample, Quantiles } from "./p8.ts";
import { atRate, isCarried, type Paced, percentile, ratesFrom } from "./pace.ts";
import { codesFrom, Payments, recordedOf, signed } from "./payment.ts";
import { pinTo } from "./sample.ts";
import { seedUsers } from "./seed-users.ts";
import { bearerOf, inFlight, Wire } from "./wire.ts";

const TRIAL_SECONDS = 3;
const WARM_UP_AT_A_TIME = 64;
/** One below the limit of 5 a minute. */
const PROMPTS_A_USER = 4;
const PROBES = 200;
const SIGNED_BYTES = 300;
const WRITTEN_BYTES = 4096;

/** The running parts: core, echo, and the disk beside the core's data. */
class P8Bench {
  readonly #options: P8Options;
  readonly #signal: AbortSignal;
  readonly #core: BenchCore;
  readonly #app: Wire;
  readonly #payments: Payments;
  readonly #calendar: Calendar;
  readonly #echo: Echo;
  readonly #disk: number;

  private constructor(parts: Parts, options: P8Options, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#core = parts.core;
    this.#app = parts.app;
    this.#payments = parts.payments;
    this.#calendar = parts.calendar;
    this.#echo = parts.echo;
    this.#disk = parts.disk;
  }

  static async start(
    folder: string,
    users: readonly BenchUser[],
    options: P8Options,
    signal: AbortSignal,
  ): Promise<P8Bench> {
    const core = await serveCore(folder);
    const metadata = bearerOf(core.appToken);
    const app = new Wire(core.address, options.connections, metadata);
    try {
      const payments = new Payments(app);
      const calendar = new Calendar(users);
      const [user] = calendar.plan(1, Date.now()).turns;
      if (user === undefined) throw new Error("nobody is set up");
      const recorded = recordedOf(await payments.pay(user, codesFrom(core)));
      const echo = await startEcho(recorded, options.connections, metadata);
      if (options.pin) {
        for (const { pid } of [core, echo]) pinTo(0, pid);
        pinTo(1, process.pid);
      }
      const disk = openSync(join(folder, "probe"), "w");
      return new P8Bench({ core, app, payments, calendar, echo, disk }, options, signal);
    } catch (error) {
      app.close();
      await core.stop();
      throw error;
    }
  }

  async warmUp(): Promise<void> {
    const turns = await this.#turns(this.#options.warmUp);
    const codes = codesFrom(this.#core);
    await inFlight(
      turns,
      WARM_UP_AT_A_TIME,
      this.#signal,
      async (user) => void (await this.#payments.pay(user, codes)),
    );
    await inFlight(turns, WARM_UP_AT_A_TIME, this.#signal, () => this.#echo.bare());
    this.#probeDisk();
    this.#probeVerify();
  }

  /** Payments at this rate for so long. */
  async pay(rate: number, seconds: number): Promise<Paced> {
    const turns = await this.#turns(Math.max(1, Math.round(rate * seconds)));
    const codes = codesFrom(this.#core);
    return atRate({ rate, seconds }, this.#signal, async (index, due) => {
      const user = turns[index];
      if (user === undefined) throw new Error("there is a turn for each payment");
      const asked = await this.#payments.ask(user);
      const created = performance.now();
      const statement = await signed(asked, codes);
      const began = performance.now();
      await this.#payments.submit(statement);
      return created - due + (performance.now() - began);
    });
  }

  /** Undefined, with `why`, when the rate was not carried. */
  async measure(rate: number): Promise<P8Sample | { readonly why: string }> {
    const { seconds } = this.#options;
    const core = await this.pay(rate, seconds);
    const echo = await atRate({ rate, seconds }, this.#signal, async (_index, due) => {
      await this.#echo.bare();
      return performance.now() - due;
    });
    for (const one of [core, echo]) if (!isCarried(one, rate)) return { why: whyNot(one) };
    return {
      core: quantilesOf(core),
      echo: quantilesOf(echo),
      fdatasync: this.#probeDisk(),
      verify: this.#probeVerify(),
    };
  }

  async stop(): Promise<void> {
    closeSync(this.#disk);
    this.#app.close();
    await Promise.all([this.#core.stop(), this.#echo.stop()]);
  }

  #probeDisk(): number {
    const bytes = randomBytes(WRITTEN_BYTES);
    return medianOf(() => {
      writeSync(this.#disk, bytes);
      fdatasyncSync(this.#disk);
    });
  }

  #probeVerify(): number {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const message = randomBytes(SIGNED_BYTES);
    const signature = sign("sha256", message, privateKey);
    return medianOf(() => {
      if (!verify("sha256", message, publicKey, signature)) throw new Error("a signature does not hold");
    });
  }

  async #turns(count: number): Promise<readonly BenchUser[]> {
    const { turns, waitMs } = this.#calendar.plan(count, Date.now());
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#signal });
    return turns;
  }
}

interface Parts {
  readonly core: BenchCore;
  readonly app: Wire;
  readonly payments: Payments;
  readonly calendar: Calendar;
  readonly echo: Echo;
  readonly disk: number;
}

function medianOf(work: () => void): number {
  const times = Array.from({ length: PROBES }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  });
  return percentile(times, 0.5);
}

function quantilesOf({ latencies }: Paced): Quantiles {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

function whyNot({ unfinished, failed, failure }: Paced): string {
  return failed > 0 ? `${failed} failed, the first one with: ${failure}` : `${unfinished} were unfinished at the end`;
}

/** Runs in a folder that is empty and the caller's own. Ends early, by an error, when the signal says so. */
export async function measureP8(
  folder: string,
  options: P8Options,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<P8Result> {
  const { rate: asked, seconds, repeats, warmUp } = options;
  await bootstrapCore(folder);
  const payments = warmUp + asked * (2 * TRIAL_SECONDS + (repeats + 1) * seconds);
  const users = await seedUsers(folder, Math.ceil(payments / PROMPTS_A_USER) + 1, signal, say);
  const bench = await P8Bench.start(folder, users, options, signal);
  try {
    say(`warming up with ${warmUp} payments`);
    await bench.warmUp();
    return await atHighest(bench, ratesFrom(asked), repeats, say);
  } finally {
    await bench.stop();
  }
}

/** The highest rate at which a trial and every repeat are carried; throws when none is. */
export async function atHighest(
  bench: Pick<P8Bench, "pay" | "measure">,
  rates: readonly number[],
  repeats: number,
  say: (line: string) => void,
): Promise<P8Result> {
  const given: { rate: number; why: string }[] = [];
  for (const rate of rates) {
    const found = await measureAt(bench, rate, repeats);
    if (!("why" in found)) return { rate, given, samples: found.samples };
    say(`this machine does not carry ${rate}/s: ${found.why}`);
    given.push({ rate, why: found.why });
  }
  const last = given.at(-1);
  throw new Error(`this machine carries not even ${last?.rate}/s: ${last?.why}`);
}

async function measureAt(
  bench: Pick<P8Bench, "pay" | "measure">,
  rate: number,
  repeats: number,
): Promise<{ readonly samples: readonly P8Sample[] } | { readonly why: string }> {
  const trial = await bench.pay(rate, TRIAL_SECONDS);
  if (!isCarried(trial, rate)) return { why: whyNot(trial) };
  const samples: P8Sample[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++) {
    const sample = await bench.measure(rate);
    if ("why" in sample) return { why: `in repeat ${repeat}, ${sample.why}` };
    samples.push(sample);
  }
  return { samples };
}
