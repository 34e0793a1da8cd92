// Goal P8: how much longer a payment's two calls take than two calls that do nothing, at a fixed rate, beside what cannot be
// left out: one durable write and one signature check.
import { type Facts, type Spread, spreadOf } from "./figures.ts";
import { machineLines, ratioText } from "./lines.ts";

export interface P8Options {
  /** Payments a second. */
  readonly rate: number;
  /** Of each variant, a repeat. */
  readonly seconds: number;
  readonly repeats: number;
  /** Payments before anything is measured. */
  readonly warmUp: number;
  readonly connections: number;
  readonly pin: boolean;
}

/** One repeat. Milliseconds by the clock; payments and echoes from the moment they were due, the key's signing left out. */
export interface P8Sample {
  readonly core: Quantiles;
  readonly echo: Quantiles;
  /** Medians of one after the other, while nothing else of the benchmark runs. */
  readonly fdatasync: number;
  readonly verify: number;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

export interface P8Result {
  /** At which everything was measured. */
  readonly rate: number;
  /** Higher ones that were tried, and why they were given up. */
  readonly given: readonly { readonly rate: number; readonly why: string }[];
  readonly samples: readonly P8Sample[];
}

export interface P8Summary {
  readonly coreP50: Spread;
  readonly echoP50: Spread;
  readonly coreP99: Spread;
  readonly echoP99: Spread;
  readonly added: Spread;
  readonly fdatasync: Spread;
  readonly verify: Spread;
  /** What was added over fdatasync + verify, repeat by repeat: the goal is at most 2. */
  readonly ratio: Spread;
}

export function summariseP8(samples: readonly P8Sample[]): P8Summary {
  const of = (figure: (sample: P8Sample) => number): Spread => spreadOf(samples.map(figure));
  const added = ({ core, echo }: P8Sample): number => core.p50 - echo.p50;
  return {
    coreP50: of(({ core }) => core.p50),
    echoP50: of(({ echo }) => echo.p50),
    coreP99: of(({ core }) => core.p99),
    echoP99: of(({ echo }) => echo.p99),
    added: of(added),
    fdatasync: of(({ fdatasync }) => fdatasync),
    verify: of(({ verify }) => verify),
    ratio: of((sample) => added(sample) / (sample.fdatasync + sample.verify)),
  };
}

/** For people. */
export function describeP8(summary: P8Summary, result: P8Result, facts: Facts, options: P8Options): string {
  const { repeats, seconds, warmUp, connections, pin } = options;
  return [
    `P8: latency at ${result.rate} payments/s; median (least to most) of ${repeats} interleaved repeats`,
    ...result.given.map(({ rate, why }) => `this machine did not carry ${rate}/s: ${why}`),
    line("Create + SubmitStatement, p50", summary.coreP50),
    line("two bare echoes, p50", summary.echoP50),
    line("added", summary.added),
    line("one fdatasync of 4 KiB", summary.fdatasync),
    line("one P-256 verify", summary.verify),
    `P8, added over fdatasync + verify   ${ratioText(summary.ratio)}   goal at most 2.00`,
    line("p99: the core", summary.coreP99),
    line("p99: two bare echoes", summary.echoP99),
    `${seconds} s a repeat, ${warmUp} payments before, ${connections} connections${pin ? ", pinned" : ""}; ` +
      "generator on the same cores, times from when a call was due, the key's signing left out",
    ...machineLines(facts),
  ].join("\n");
}

function line(name: string, { median, least, most }: Spread): string {
  return `${name.padEnd(34)}${median.toFixed(3).padStart(9)} ms (${least.toFixed(3)} to ${most.toFixed(3)})`;
}
