// Goals P2 and P3: the two calls of a payment apart. Create beside a bare gRPC echo and the same rows by bare node:sqlite;
// SubmitStatement beside an echo and a signature check. CPU of each process, in turns within one run.
import { type Facts, type Spread, spreadOf } from "./figures.ts";
import { machineLines, ratioText, row } from "./lines.ts";
import type { Sample } from "./p1.ts";

/** Which of the two calls is measured; the other one is made as well, unmeasured. */
export type CallGoal = "P2" | "P3";

export interface CallOptions {
  /** Calls a repeat. */
  readonly transactions: number;
  readonly repeats: number;
  /** Payments before the first repeat. */
  readonly warmUp: number;
  readonly inFlight: number;
  readonly connections: number;
  readonly pin: boolean;
}

/** `call`: the core. `echo` and `work` are the limit: a call that does nothing, and what cannot be left out. */
export type CallPart = "call" | "echo" | "work";
export type CallSamples = Readonly<Record<CallPart, readonly Sample[]>>;

export interface CallSummary {
  /** CPU for one call. */
  readonly micros: Readonly<Record<CallPart, Spread>>;
  /** Of the core, the part of its main thread. */
  readonly mainMicros: Spread;
  readonly limitMicros: Spread;
  /** The limit's CPU over the core's, repeat by repeat. */
  readonly ratio: Spread;
  /** Calls by the clock, with the load generator on the same machine. */
  readonly wallPerSecond: Spread;
}

/** Ratios are made repeat by repeat: what disturbed one repeat disturbed both sides. */
export function summariseCalls({ call, echo, work }: CallSamples): CallSummary {
  const limits = call.map((_one, i) => (echo[i]?.micros ?? 0) + (work[i]?.micros ?? 0));
  return {
    micros: { call: microsOf(call), echo: microsOf(echo), work: microsOf(work) },
    mainMicros: spreadOf(call.map((one) => one.mainMicros)),
    limitMicros: spreadOf(limits),
    ratio: spreadOf(call.map((one, i) => (limits[i] ?? 0) / one.micros)),
    wallPerSecond: spreadOf(call.map(({ units, seconds }) => units / seconds)),
  };
}

function microsOf(samples: readonly Sample[]): Spread {
  return spreadOf(samples.map(({ micros }) => micros));
}

const TEXTS: Readonly<Record<CallGoal, Readonly<Record<CallPart, string>> & { readonly goal: string }>> = {
  P2: { call: "Create, delivery off", echo: "one bare echo", work: "its rows, bare SQL, groups of 64", goal: "0.85" },
  P3: { call: "SubmitStatement, delivery off", echo: "one bare echo", work: "one P-256 verify", goal: "0.80" },
};

/** For people. */
export function describeCalls(goal: CallGoal, summary: CallSummary, facts: Facts, options: CallOptions): string {
  const { micros, mainMicros, limitMicros, ratio, wallPerSecond } = summary;
  const names = TEXTS[goal];
  return [
    `${goal}: calls per CPU-second; median (least to most) of ${options.repeats} interleaved repeats`,
    `${"".padEnd(34)}    us CPU`.padEnd(64) + "per CPU-s",
    row(names.call, micros.call),
    row("core's main thread", mainMicros),
    row(names.echo, micros.echo),
    row(names.work, micros.work),
    row("limit: both", limitMicros),
    `${goal}   ${ratioText(ratio)}   goal ${names.goal}`,
    `by the clock, generator on the same cores: ${wallPerSecond.median.toFixed(0)} calls/s`,
    `${options.transactions} calls a repeat, ${options.warmUp} payments before, ${options.inFlight} in flight, ` +
      `${options.connections} connections${options.pin ? ", pinned" : ""}`,
    ...machineLines(facts),
  ].join("\n");
}
