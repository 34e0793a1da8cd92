// Goal P1: full transactions per CPU-second of the core, beside what no core can do without: two bare gRPC echoes and one
// signature check. All of it is measured in turns within one run.
import { bootstrapCore } from "./bench-core.ts";
import { setUpUsers, usersFor } from "./bench-users.ts";
import { P1Bench } from "./p1-bench.ts";

export interface P1Options {
  /** Transactions a repeat, for each way of delivery. */
  readonly transactions: number;
  readonly repeats: number;
  /** Transactions before the first repeat. */
  readonly warmUp: number;
  readonly inFlight: number;
  readonly connections: number;
  /** Also measure with one attached bot. */
  readonly bot: boolean;
  /** Pin the measured processes to core 0 and this one to core 1, by taskset. */
  readonly pin: boolean;
  /** Folder for a CPU profile of the core; its figures are not to be compared. */
  readonly profile: string | undefined;
}

/** What is measured, in the order of a repeat. */
export type Variant = "core" | "core-bot" | "echo" | "own-messages" | "verify";

/** One variant in one repeat. `micros`: CPU of the measured process for one unit of work. */
export interface Sample {
  readonly micros: number;
  /** The part of its main thread; the rest is garbage collection and compilation beside it. */
  readonly mainMicros: number;
  readonly units: number;
  readonly seconds: number;
}

export interface P1Result {
  readonly samples: Readonly<Record<Variant, readonly Sample[]>>;
  readonly users: number;
  readonly bytes: Readonly<Record<"createRequest" | "createAnswer" | "submitRequest" | "submitAnswer", number>>;
}

/** Runs in a folder that is empty and the caller's own. Ends early, by an error, when the signal says so. */
export async function measureP1(
  folder: string,
  options: P1Options,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<P1Result> {
  await bootstrapCore(folder);
  const users = await setUpUsers(folder, usersFor(options), signal, say);
  const bench = await P1Bench.start(folder, users, options, signal);
  try {
    say(`warming up with ${options.warmUp} transactions`);
    await bench.warmUp();
    const samples: Record<Variant, Sample[]> = { core: [], "core-bot": [], echo: [], "own-messages": [], verify: [] };
    for (let repeat = 1; repeat <= options.repeats; repeat++) {
      say(`repeat ${repeat} of ${options.repeats}`);
      for (const variant of bench.variants) samples[variant].push(await bench.measure(variant));
    }
    return { samples, users: users.length, bytes: bench.bytes };
  } finally {
    await bench.stop();
  }
}
