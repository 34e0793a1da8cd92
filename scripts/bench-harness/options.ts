// What the command line of a benchmark says: whole numbers within bounds, with defaults that fit the benchmark.
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const BENCHES = ["P1", "P2", "P3", "P6", "P8", "P9", "P10", "peer"] as const;
export type Bench = (typeof BENCHES)[number];

const FLAGS = {
  transactions: { least: 1, most: 5_000, usual: 1_000 },
  repeats: { least: 1, most: 25, usual: 5 },
  "warm-up": { least: 1, most: 5_000, usual: 2_500 },
  "in-flight": { least: 1, most: 256, usual: 64 },
  connections: { least: 1, most: 32, usual: 8 },
  rate: { least: 1, most: 5_000, usual: 500 },
  seconds: { least: 1, most: 60, usual: 5 },
  open: { least: 1, most: 1_000_000, usual: 100_000 },
  calls: { least: 1, most: 1_000_000, usual: 5_000 },
  /** Seconds. Whatever happens, it stops by then. */
  within: { least: 1, most: 3_600, usual: 900 },
} as const;
type Flag = keyof typeof FLAGS;

/** privacyIDEA takes long for each, and has two workers: one call for each of them. */
const USUAL_FOR_PEER: Partial<Record<Flag, number>> = { transactions: 128, "warm-up": 128, "in-flight": 2 };

/** Of all benchmarks; each takes what is a matter of it. */
export interface BenchOptions {
  readonly bench: Bench;
  readonly json: boolean;
  readonly transactions: number;
  readonly repeats: number;
  readonly warmUp: number;
  readonly inFlight: number;
  readonly connections: number;
  /** P8: payments a second, and for how long a repeat. */
  readonly rate: number;
  readonly seconds: number;
  /** P10: open transactions, and reads before memory is looked at. */
  readonly open: number;
  readonly calls: number;
  readonly bot: boolean;
  readonly pin: boolean;
  readonly profile: string | undefined;
  readonly withinMs: number;
}

/** The command line cannot be followed; the message says which part of it. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

/** Throws OptionError. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const [bench = "P1", ...others] = positionals;
  if (!isBench(bench) || others.length > 0) {
    throw new OptionError(`give one benchmark: ${BENCHES.slice(0, -1).join(", ")} or ${BENCHES.at(-1)}`);
  }
  const whole = (flag: Flag): number => {
    const { least, most, usual } = FLAGS[flag];
    const text = values[flag];
    if (text === undefined) return (bench === "peer" ? USUAL_FOR_PEER[flag] : undefined) ?? usual;
    const number = Number(text);
    if (typeof text === "string" && /^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new OptionError(`--${flag}: must be a whole number from ${least} to ${most}`);
  };
  const { profile } = values;
  return {
    bench,
    json: values["json"] === true,
    transactions: whole("transactions"),
    repeats: whole("repeats"),
    warmUp: whole("warm-up"),
    inFlight: whole("in-flight"),
    connections: whole("connections"),
    rate: whole("rate"),
    seconds: whole("seconds"),
    open: whole("open"),
    calls: whole("calls"),
    bot: values["no-bot"] !== true,
    pin: values["pin"] === true,
    profile: typeof profile === "string" ? resolve(profile) : undefined,
    withinMs: 1_000 * whole("within"),
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs> {
  const numbers = Object.fromEntries(Object.keys(FLAGS).map((flag) => [flag, { type: "string" as const }]));
  const switches = { json: { type: "boolean" }, "no-bot": { type: "boolean" }, pin: { type: "boolean" } } as const;
  try {
    const options = { ...numbers, ...switches, profile: { type: "string" as const } };
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}

function isBench(name: string): name is Bench {
  return (BENCHES as readonly string[]).includes(name);
}
