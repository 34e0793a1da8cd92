// Goal P10: what 100 000 open transactions cost a core in memory, and how long one that was killed takes until it answers
// again. The same of an empty core, in turns within one run.
import { type Facts, type Spread, spreadOf } from "./figures.ts";
import { machineLines } from "./lines.ts";

export interface P10Options {
  /** Transactions that are PENDING. */
  readonly open: number;
  readonly repeats: number;
  /** Reads before memory is looked at: the core keeps what it has read. */
  readonly calls: number;
}

/**
 * With one open transaction; with as many as are read, so that what reading leaves behind is the same; with `open`.
 * Each core makes the same number of reads.
 */
export type P10Variant = "empty" | "few" | "full";

/** One life of a core: started, read from, killed, started again. Memory is the kernel's VmRSS. */
export interface P10Sample {
  readonly startedMb: number;
  /** After the reads, as it is: nothing collects garbage on demand in production. */
  readonly readMb: number;
  /** Of it, what no file backs: heap, caches, SQLite's pages. */
  readonly ownMb: number;
  /** What all the reads took; the first one of each shard follows the shard's chain. */
  readonly readsMs: number;
  /** From SIGKILL to the first answered call of the next one. */
  readonly againMs: number;
  /** Of it, until it listened. */
  readonly listeningMs: number;
  /** CPU of the next one until then: on a busy machine the clock says more about the others. */
  readonly againCpuMs: number;
}

export interface P10Result {
  readonly samples: Readonly<Record<P10Variant, readonly P10Sample[]>>;
  /** Time it took to open them, and the size of what lies on disk. */
  readonly filledSeconds: number;
  readonly diskMb: number;
  /** From the first Create to the end: after five minutes the first messages are given up, after ten the first ones expire. */
  readonly ageSeconds: number;
}

type Figures = Readonly<Record<keyof P10Sample, Spread>>;

export interface P10Summary {
  readonly figures: Readonly<Record<P10Variant, Figures>>;
  /** The full core's memory less the empty one's, repeat by repeat; `readOfFew`: less that of the one with few. */
  readonly moreMb: Readonly<Record<"started" | "read" | "own" | "readOfFew", Spread>>;
}

export function summariseP10({ samples }: Pick<P10Result, "samples">): P10Summary {
  const more = (figure: "startedMb" | "readMb" | "ownMb", than: "empty" | "few" = "empty"): Spread =>
    spreadOf(samples.full.map((one, i) => one[figure] - (samples[than][i]?.[figure] ?? 0)));
  return {
    figures: { empty: figuresOf(samples.empty), few: figuresOf(samples.few), full: figuresOf(samples.full) },
    moreMb: { started: more("startedMb"), read: more("readMb"), own: more("ownMb"), readOfFew: more("readMb", "few") },
  };
}

function figuresOf(samples: readonly P10Sample[]): Figures {
  const of = (name: keyof P10Sample): Spread => spreadOf(samples.map((one) => one[name]));
  return {
    startedMb: of("startedMb"),
    readMb: of("readMb"),
    ownMb: of("ownMb"),
    readsMs: of("readsMs"),
    againMs: of("againMs"),
    listeningMs: of("listeningMs"),
    againCpuMs: of("againCpuMs"),
  };
}

/** Policy of the benchmark: nothing expires and no message is given up while it measures. */
export const LONG_POLICY = { lifetimeS: 600, channelTimeoutS: 300 } as const;

/** In the order of a repeat. */
export const VARIANTS: readonly P10Variant[] = ["empty", "few", "full"];

/** How many the core with few has open. */
export function fewOf({ open, calls }: Pick<P10Options, "open" | "calls">): number {
  return Math.min(open, calls);
}

const NAMES: readonly (readonly [keyof P10Sample, string, string])[] = [
  ["startedMb", "memory, first call answered", "MB"],
  ["readMb", "memory after the reads", "MB"],
  ["ownMb", "of it, not backed by files", "MB"],
  ["readsMs", "the reads", "ms"],
  ["againMs", "kill -9 to first answer", "ms"],
  ["listeningMs", "of it, until it listens", "ms"],
  ["againCpuMs", "CPU until the first answer", "ms"],
];

/** For people. */
export function describeP10(summary: P10Summary, result: P10Result, facts: Facts, options: P10Options): string {
  const { figures, moreMb } = summary;
  const { open, repeats, calls } = options;
  const rows = NAMES.map(([name, text, unit]) => {
    const all = VARIANTS.map((variant) => spreadText(figures[variant][name], unit).padEnd(26));
    return `${text.padEnd(30)}${all.join("")}`.trimEnd();
  });
  const late = result.ageSeconds > LONG_POLICY.channelTimeoutS;
  return [
    `P10: ${open} open transactions against one; median (least to most) of ${repeats} interleaved repeats`,
    `${"".padEnd(30)}${"1 open".padEnd(26)}${`${fewOf(options)} open`.padEnd(26)}${open} open`,
    ...rows,
    `more memory, after the reads     ${spreadText(moreMb.read, "MB")}   goal +60 MB`,
    `of it, more than with ${fewOf(options)} open   ${spreadText(moreMb.readOfFew, "MB")}`,
    `more memory, first call answered ${spreadText(moreMb.started, "MB")}`,
    `kill -9 to first answer          ${spreadText(figures.full.againMs, "ms")}   goal 2000 ms`,
    `${calls} reads before memory was looked at; no collection of garbage was forced, as none is in production`,
    `opened in ${result.filledSeconds.toFixed(0)} s by the core's own code, ${result.diskMb.toFixed(0)} MB on disk; ` +
      `the end came ${result.ageSeconds.toFixed(0)} s after the first`,
    ...(late ? ["that is too long: messages were given up meanwhile, which the figures contain"] : []),
    ...machineLines(facts),
  ].join("\n");
}

function spreadText({ median, least, most }: Spread, unit: string): string {
  return `${median.toFixed(0)} ${unit} (${least.toFixed(0)} to ${most.toFixed(0)})`;
}
