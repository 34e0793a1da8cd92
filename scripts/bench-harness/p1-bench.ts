import { setTimeout as sleep } from "node:timers/promises";
import type { Metadata } from "@grpc/grpc-js";
import { BenchBot } from "./bench-bot.ts";
import { PLATFORM, serveCore, type BenchCore } from "./bench-core.ts";
import type { BenchUser } from "./bench-user.ts";
import { Calendar } from "./calendar.ts";
import { startEcho, startVerifier, type Echo } from "./limit.ts";
import type { P1Options, P1Result, Sample, Variant } from "./p1.ts";
import { codesFrom, Payments, recordedOf, type CodeSource } from "./payment.ts";
import type { Recorded } from "./recorded.ts";
import { pinTo, sampleOf } from "./sample.ts";
import { bearerOf, inFlight, Wire } from "./wire.ts";

/** More of the cheap ones: the kernel's clock ticks every 10 ms. */
const ECHOES = 6;
const VERIFIES = 10;
/** Statement with its protected header, as it is signed. */
const SIGNED_BYTES = 300;
/** Until the last reports of a bot are written. */
const SETTLE_MS = 200;

type Verifier = Awaited<ReturnType<typeof startVerifier>>;

/** The running parts: core, echo, verifier. */
export class P1Bench {
  readonly variants: readonly Variant[];
  readonly #options: P1Options;
  readonly #signal: AbortSignal;
  readonly #core: BenchCore;
  readonly #app: Wire;
  readonly #calendar: Calendar;
  readonly #payments: Payments;
  readonly #metadata: Metadata;
  #recorded: Recorded | undefined;
  #echo: Echo | undefined;
  #verifier: Verifier | undefined;

  private constructor(core: BenchCore, users: readonly BenchUser[], options: P1Options, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#core = core;
    this.#metadata = bearerOf(core.appToken);
    this.#app = new Wire(core.address, options.connections, this.#metadata);
    this.#calendar = new Calendar(users);
    this.#payments = new Payments(this.#app);
    const others: readonly Variant[] = options.bot ? ["core-bot"] : [];
    this.variants = ["core", ...others, "echo", "own-messages", "verify"];
  }

  /** Starts the core on the folder in which the users were set up, makes one transaction, sizes the echo after it. */
  static async start(
    folder: string,
    users: readonly BenchUser[],
    options: P1Options,
    signal: AbortSignal,
  ): Promise<P1Bench> {
    const bench = new P1Bench(await serveCore(folder, options.profile), users, options, signal);
    try {
      await bench.#startLimit();
      return bench;
    } catch (error) {
      await bench.stop();
      throw error;
    }
  }

  /** Lengths of the four messages of a transaction. */
  get bytes(): P1Result["bytes"] {
    const { create, submit } = this.#recorded ?? NOTHING;
    return {
      createRequest: Buffer.byteLength(create.request, "base64"),
      createAnswer: Buffer.byteLength(create.answer, "base64"),
      submitRequest: Buffer.byteLength(submit.request, "base64"),
      submitAnswer: Buffer.byteLength(submit.answer, "base64"),
    };
  }

  async warmUp(): Promise<void> {
    const { warmUp, bot } = this.#options;
    await this.#pay(warmUp);
    if (bot) await this.#payWithBot(Math.ceil(warmUp / 4));
    await this.#measureEcho("bare", warmUp);
    await this.#measureEcho("own", warmUp);
    await this.#measureVerifier(warmUp);
  }

  async measure(variant: Variant): Promise<Sample> {
    const { transactions } = this.#options;
    switch (variant) {
      case "core":
        return this.#pay(transactions);
      case "core-bot":
        return this.#payWithBot(transactions);
      case "echo":
        return this.#measureEcho("bare", ECHOES * transactions);
      case "own-messages":
        return this.#measureEcho("own", ECHOES * transactions);
      case "verify":
        return this.#measureVerifier(VERIFIES * transactions);
    }
  }

  async stop(): Promise<void> {
    this.#app.close();
    await Promise.all([this.#core.stop(), this.#echo?.stop(), this.#verifier?.stop()]);
  }

  async #startLimit(): Promise<void> {
    const { turns } = await this.#turns(1);
    const [user] = turns;
    if (user === undefined) throw new Error("nobody is set up");
    this.#recorded = recordedOf(await this.#payments.pay(user, codesFrom(this.#core)));
    this.#verifier = await startVerifier();
    this.#echo = await startEcho(this.#recorded, this.#options.connections, this.#metadata);
    if (!this.#options.pin) return;
    for (const { pid } of [this.#core, this.#echo, this.#verifier]) pinTo(0, pid);
    pinTo(1, process.pid);
  }

  async #pay(count: number): Promise<Sample> {
    const { turns } = await this.#turns(count);
    return sampleOf(this.#core.pid, count, () => this.#payAll(turns, codesFrom(this.#core)));
  }

  async #payWithBot(count: number): Promise<Sample> {
    const { turns } = await this.#turns(count);
    const bot = await BenchBot.attach(this.#app, bearerOf(this.#core.botToken), PLATFORM);
    try {
      await sleep(SETTLE_MS);
      const sample = await sampleOf(this.#core.pid, count, async () => {
        await this.#payAll(turns, ({ peerId }, { tag }) => bot.codeFor(peerId, tag));
        await bot.outcomes(count);
        await sleep(SETTLE_MS);
      });
      await bot.detach();
      return sample;
    } finally {
      bot.cancel();
    }
  }

  #payAll(turns: readonly BenchUser[], codes: CodeSource): Promise<void> {
    return inFlight(turns, this.#options.inFlight, this.#signal, async (user) => {
      await this.#payments.pay(user, codes);
    });
  }

  async #measureEcho(kind: "bare" | "own", count: number): Promise<Sample> {
    const echo = this.#echo;
    if (echo === undefined) throw new Error("the echo is not running");
    const all = Array.from({ length: count });
    return sampleOf(echo.pid, count, () => inFlight(all, this.#options.inFlight, this.#signal, () => echo[kind]()));
  }

  async #measureVerifier(count: number): Promise<Sample> {
    const verifier = this.#verifier;
    if (verifier === undefined) throw new Error("the verifier is not running");
    this.#signal.throwIfAborted();
    return sampleOf(verifier.pid, count, () => verifier.verify({ verifies: count, bytes: SIGNED_BYTES }));
  }

  async #turns(count: number): Promise<{ readonly turns: readonly BenchUser[] }> {
    const { turns, waitMs } = this.#calendar.plan(count, Date.now());
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#signal });
    return { turns };
  }
}

const NOTHING: Recorded = { create: { request: "", answer: "" }, submit: { request: "", answer: "" } };
