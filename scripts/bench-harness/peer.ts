// Side by side with privacyIDEA, which many run for the same purpose: a password by mail, typed back. Its work is the easier
// one: it compares what was typed and verifies no signature, and nothing binds the password to what is confirmed.
import { type Facts, type Spread, spreadOf } from "./figures.ts";
import { machineLines, ratioText, row } from "./lines.ts";

export interface PeerOptions {
  /** A repeat, of each. */
  readonly transactions: number;
  readonly repeats: number;
  /** Of each, before the first repeat. */
  readonly warmUp: number;
  readonly inFlight: number;
  readonly connections: number;
}

/** The core with one attached bot, and the peer with a mail server that takes everything. */
export type PeerVariant = "core" | "privacyidea";

/** One half of the way: until the code has left, and until it was judged. */
export interface PhaseSample {
  /** CPU of all server processes, for one. */
  readonly micros: number;
  /** Median, by the clock. */
  readonly p50: number;
}

/** One variant in one repeat. */
export interface PeerSample {
  readonly ask: PhaseSample;
  readonly answer: PhaseSample;
}

type Phase = keyof PeerSample;
type Figures = Readonly<Record<Phase, { readonly micros: Spread; readonly p50: Spread }>>;

export interface PeerResult {
  readonly version: string;
  readonly samples: Readonly<Record<PeerVariant, readonly PeerSample[]>>;
}

export interface PeerSummary {
  readonly figures: Readonly<Record<PeerVariant, Figures>>;
  /** The peer's CPU over the core's, repeat by repeat: how many times the work of it the core does. */
  readonly times: Readonly<Record<Phase | "both", Spread>>;
}

export function summarisePeer({ samples }: Pick<PeerResult, "samples">): PeerSummary {
  const { core, privacyidea } = samples;
  const timesBy = (micros: (sample: PeerSample) => number): Spread =>
    spreadOf(core.map((one, i) => micros(privacyidea[i] ?? one) / micros(one)));
  return {
    figures: { core: figuresOf(core), privacyidea: figuresOf(privacyidea) },
    times: {
      ask: timesBy(({ ask }) => ask.micros),
      answer: timesBy(({ answer }) => answer.micros),
      both: timesBy(({ ask, answer }) => ask.micros + answer.micros),
    },
  };
}

function figuresOf(samples: readonly PeerSample[]): Figures {
  const of = (phase: Phase): Figures[Phase] => ({
    micros: spreadOf(samples.map((sample) => sample[phase].micros)),
    p50: spreadOf(samples.map((sample) => sample[phase].p50)),
  });
  return { ask: of("ask"), answer: of("answer") };
}

/** For people. */
export function describePeer(summary: PeerSummary, version: string, facts: Facts, options: PeerOptions): string {
  const { core, privacyidea } = summary.figures;
  const { times } = summary;
  return [
    `beside privacyIDEA ${version}: CPU of all server processes; median (least to most) of ${options.repeats} interleaved repeats`,
    `${"".padEnd(34)}    us CPU`.padEnd(64) + "per CPU-s",
    row("core: Create, code delivered", core.ask.micros),
    row("privacyIDEA: triggerchallenge", privacyidea.ask.micros),
    row("core: SubmitStatement and outcome", core.answer.micros),
    row("privacyIDEA: validate/check", privacyidea.answer.micros),
    `privacyIDEA's CPU over the core's   both ${ratioText(times.both)}, first ${ratioText(times.ask)}, second ${ratioText(times.answer)}`,
    `p50 by the clock, first half    core ${msText(core.ask.p50)}, privacyIDEA ${msText(privacyidea.ask.p50)}`,
    `p50 by the clock, second half   core ${msText(core.answer.p50)}, privacyIDEA ${msText(privacyidea.answer.p50)}`,
    "privacyIDEA compares a password and verifies no signature: its work is the easier one. It signs each answer and audit entry, as installed.",
    `${options.transactions} a repeat, ${options.warmUp} before, ${options.inFlight} in flight; the core by ${options.connections} connections, ` +
      "one process, one bot attached; privacyIDEA by gunicorn with 2 workers, SQLite, mail to a local sink",
    ...machineLines(facts),
  ].join("\n");
}

function msText({ median, least, most }: Spread): string {
  return `${median.toFixed(1)} ms (${least.toFixed(1)} to ${most.toFixed(1)})`;
}
