import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bootstrapCore, serveCore, type BenchCore } from "./bench-core.ts";
import type { BenchUser } from "./bench-user.ts";
import { usersFor } from "./bench-users.ts";
import { Calendar } from "./calendar.ts";
import { answerOf, forkPart, type LimitPart, pidOf, startEcho, startVerifier, stopPart, type Echo } from "./limit.ts";
import type { Sample } from "./p1.ts";
import type { CallGoal, CallOptions, CallPart, CallSamples } from "./p2.ts";
import { type Asked, codesFrom, Payments, recordedOf, signed } from "./payment.ts";
import { recordRows } from "./recorded-rows.ts";
import { pinTo, sampleOf } from "./sample.ts";
import { seedUsers } from "./seed-users.ts";
import type { SqlOrder } from "./sql-main.ts";
import { bearerOf, inFlight, Wire } from "./wire.ts";

/** More of the cheap ones: the kernel's clock ticks every 10 ms. */
const ECHOES = 12;
const WORKS = 10;
/** Statement with its protected header, as it is signed. */
const SIGNED_BYTES = 300;
/** The database of bare SQL grows by all that it ever wrote. */
const SQL_FILE = "bare.db";

/** What the limit of a goal needs besides the echo. */
interface Work extends LimitPart {
  do(count: number): Promise<void>;
}

/** The running parts: core, echo, and bare SQL or a verifier. */
class CallBench {
  readonly #goal: CallGoal;
  readonly #options: CallOptions;
  readonly #signal: AbortSignal;
  readonly #core: BenchCore;
  readonly #app: Wire;
  readonly #payments: Payments;
  readonly #calendar: Calendar;
  readonly #echo: Echo;
  readonly #work: Work;

  private constructor(goal: CallGoal, options: CallOptions, signal: AbortSignal, parts: Parts) {
    this.#goal = goal;
    this.#options = options;
    this.#signal = signal;
    this.#core = parts.core;
    this.#app = parts.app;
    this.#payments = parts.payments;
    this.#calendar = parts.calendar;
    this.#echo = parts.echo;
    this.#work = parts.work;
  }

  static async start(given: Given): Promise<CallBench> {
    const { folder, users, goal, options, signal } = given;
    const core = await serveCore(folder);
    const metadata = bearerOf(core.appToken);
    const app = new Wire(core.address, options.connections, metadata);
    const running: LimitPart[] = [];
    try {
      const payments = new Payments(app);
      const calendar = new Calendar(users);
      const [user] = calendar.plan(1, Date.now()).turns;
      if (user === undefined) throw new Error("nobody is set up");
      let asked: Asked | undefined;
      const rows = await recordRows(folder, async () => (asked = await payments.ask(user)));
      if (asked === undefined) throw new Error("nothing was asked");
      const statement = await signed(asked, codesFrom(core));
      const recorded = recordedOf({ ...asked, statement, submitted: await payments.submit(statement) });
      const echo = await startEcho(recorded, options.connections, metadata);
      running.push(echo);
      const work = await (goal === "P2" ? startSql({ file: join(folder, SQL_FILE), rows }) : startChecks());
      running.push(work);
      if (options.pin) {
        for (const { pid } of [core, echo, work]) pinTo(0, pid);
        pinTo(1, process.pid);
      }
      return new CallBench(goal, options, signal, { core, app, payments, calendar, echo, work });
    } catch (error) {
      app.close();
      await Promise.all([core.stop(), ...running.map((part) => part.stop())]);
      throw error;
    }
  }

  async warmUp(): Promise<void> {
    const { warmUp } = this.#options;
    await this.#call(warmUp);
    await this.#echoes(warmUp);
    await this.#sample(this.#work, warmUp, (count) => this.#work.do(count));
  }

  async measure(part: CallPart): Promise<Sample> {
    const { transactions } = this.#options;
    switch (part) {
      case "call":
        return this.#call(transactions);
      case "echo":
        return this.#echoes(ECHOES * transactions);
      case "work":
        return this.#sample(this.#work, WORKS * transactions, (count) => this.#work.do(count));
    }
  }

  async stop(): Promise<void> {
    this.#app.close();
    await Promise.all([this.#core.stop(), this.#echo.stop(), this.#work.stop()]);
  }

  /** Every transaction is confirmed before the next repeat: none of them expires while something is measured. */
  async #call(count: number): Promise<Sample> {
    const { turns, waitMs } = this.#calendar.plan(count, Date.now());
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#signal });
    const all: Asked[] = [];
    const created = await this.#sample(this.#core, count, () =>
      this.#each(turns, async (user) => void all.push(await this.#payments.ask(user))),
    );
    const codes = codesFrom(this.#core);
    const statements = await Promise.all(all.map((asked) => signed(asked, codes)));
    const submitted = await this.#sample(this.#core, count, () =>
      this.#each(statements, async (statement) => void (await this.#payments.submit(statement))),
    );
    return this.#goal === "P2" ? created : submitted;
  }

  #echoes(count: number): Promise<Sample> {
    const all = Array.from({ length: count });
    const echo = this.#echo;
    const call = (): Promise<void> => (this.#goal === "P2" ? echo.bareCreate() : echo.bareSubmit());
    return this.#sample(echo, count, () => this.#each(all, call));
  }

  #each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    return inFlight(items, this.#options.inFlight, this.#signal, work);
  }

  #sample({ pid }: { readonly pid: number }, units: number, work: (units: number) => Promise<void>): Promise<Sample> {
    this.#signal.throwIfAborted();
    return sampleOf(pid, units, () => work(units));
  }
}

interface Parts {
  readonly core: BenchCore;
  readonly app: Wire;
  readonly payments: Payments;
  readonly calendar: Calendar;
  readonly echo: Echo;
  readonly work: Work;
}

interface Given {
  readonly folder: string;
  readonly users: readonly BenchUser[];
  readonly goal: CallGoal;
  readonly options: CallOptions;
  readonly signal: AbortSignal;
}

async function startSql(order: SqlOrder): Promise<Work> {
  const child = forkPart("sql-main.ts");
  child.send(order);
  await answerOf(child);
  return {
    pid: pidOf(child),
    do: async (creates) => {
      child.send({ creates });
      await answerOf(child);
    },
    stop: () => stopPart(child),
  };
}

async function startChecks(): Promise<Work> {
  const verifier = await startVerifier();
  return {
    pid: verifier.pid,
    stop: () => verifier.stop(),
    do: (verifies) => verifier.verify({ verifies, bytes: SIGNED_BYTES }),
  };
}

/** Runs in a folder that is empty and the caller's own. Ends early, by an error, when the signal says so. */
export async function measureCalls(
  goal: CallGoal,
  folder: string,
  options: CallOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<CallSamples> {
  await bootstrapCore(folder);
  const users = await seedUsers(folder, usersFor({ ...options, bot: false }), signal, say);
  const bench = await CallBench.start({ folder, users, goal, options, signal });
  try {
    say(`warming up with ${options.warmUp} payments`);
    await bench.warmUp();
    const samples: Record<CallPart, Sample[]> = { call: [], echo: [], work: [] };
    for (let repeat = 1; repeat <= options.repeats; repeat++) {
      say(`repeat ${repeat} of ${options.repeats}`);
      for (const part of ["call", "echo", "work"] as const) samples[part].push(await bench.measure(part));
    }
    return samples;
  } finally {
    await bench.stop();
  }
}
