import { type Facts, type Spread, spreadOf } from "./figures.ts";
import { machineLines, ratioText, row } from "./lines.ts";
import type { P1Options, P1Result, Sample, Variant } from "./p1.ts";

/** P1 in figures. CPU in microseconds of the measured process for one transaction, or what stands for one. */
export interface P1Summary {
  readonly users: number;
  readonly bytes: P1Result["bytes"];
  readonly micros: Readonly<Partial<Record<Variant, Spread>>>;
  /** Of the core with delivery off, the part of its main thread. */
  readonly mainMicros: Spread;
  /** Two echoes and one verify of the same repeat. */
  readonly limitMicros: Spread;
  /** The limit's CPU over the core's, repeat by repeat: the goal is 0.80. */
  readonly ratio: Spread;
  readonly ratioWithBot: Spread | undefined;
  /** By the wall clock, with the load generator on the same machine: lower bounds. */
  readonly wallPerSecond: Readonly<Partial<Record<Variant, Spread>>>;
}

/** Ratios are made repeat by repeat, then their median is taken: what disturbed one repeat disturbed both sides. */
export function summarise({ samples, users, bytes }: P1Result): P1Summary {
  const limits = samples.echo.map(({ micros }, i) => micros + (samples.verify[i]?.micros ?? 0));
  const ratioOf = (variant: Variant): Spread | undefined => {
    const ratios = samples[variant].map(({ micros }, i) => (limits[i] ?? 0) / micros);
    return ratios.length === 0 ? undefined : spreadOf(ratios);
  };
  const each = (figure: (sample: Sample) => number): Partial<Record<Variant, Spread>> =>
    Object.fromEntries(
      Object.entries(samples)
        .filter(([, all]) => all.length > 0)
        .map(([variant, all]) => [variant, spreadOf(all.map(figure))]),
    );
  const ratio = ratioOf("core");
  if (ratio === undefined) throw new Error("nothing was measured");
  return {
    users,
    bytes,
    micros: each(({ micros }) => micros),
    mainMicros: spreadOf(samples.core.map(({ mainMicros }) => mainMicros)),
    limitMicros: spreadOf(limits),
    ratio,
    ratioWithBot: ratioOf("core-bot"),
    wallPerSecond: each(({ units, seconds }) => units / seconds),
  };
}

const NAMES: Readonly<Record<Variant, string>> = {
  core: "core, delivery off",
  "core-bot": "core, one attached bot",
  echo: "two bare echoes",
  "own-messages": "two calls, our messages, no work",
  verify: "one P-256 verify",
};

/** For people. */
export function describeP1(summary: P1Summary, facts: Facts, options: P1Options): string {
  const { micros, limitMicros, ratio, ratioWithBot, bytes } = summary;
  const rows = (Object.keys(NAMES) as Variant[]).flatMap((variant) => {
    const spread = micros[variant];
    return spread === undefined ? [] : [row(NAMES[variant], spread)];
  });
  const ratios = [`P1, delivery off       ${ratioText(ratio)}   goal 0.80`];
  if (ratioWithBot !== undefined) ratios.push(`P1, one attached bot   ${ratioText(ratioWithBot)}`);
  const wall = summary.wallPerSecond.core;
  return [
    `P1: full transactions per CPU-second; median (least to most) of ${options.repeats} interleaved repeats`,
    `${"".padEnd(34)}    us CPU`.padEnd(64) + "per CPU-s",
    ...rows,
    row("core's main thread, delivery off", summary.mainMicros),
    row("limit: two echoes and one verify", limitMicros),
    ...ratios,
    `by the clock, generator on the same cores: ${wall === undefined ? "-" : wall.median.toFixed(0)} transactions/s`,
    `${options.transactions} transactions a repeat, ${options.warmUp} before, ${options.inFlight} in flight, ` +
      `${options.connections} connections, ${summary.users} users${options.pin ? ", pinned" : ""}`,
    `bytes: Create ${bytes.createRequest} and ${bytes.createAnswer}, SubmitStatement ${bytes.submitRequest} and ${bytes.submitAnswer}`,
    ...machineLines(facts),
  ].join("\n");
}
