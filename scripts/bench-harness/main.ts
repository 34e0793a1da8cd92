// scripts/bench [P1|P2|P3|P6|P8|P9|P10|peer] [--json] [options]; `scripts/bench --help` says what each measures and takes, docs/performance.md
// what the figures mean. Needs Linux (/proc). Everything is on loopback and in a folder that is removed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Facts, factsOf } from "./figures.ts";
import { type Bench, type BenchOptions, OptionError, readOptions } from "./options.ts";
import { describeP6, measureP6, summariseP6 } from "./p6.ts";
import { describeP8, summariseP8 } from "./p8.ts";
import { measureP8 } from "./p8-bench.ts";
import { describeP9, measureP9, summariseP9 } from "./p9.ts";
import { measureP1, type P1Options } from "./p1.ts";
import { type CallGoal, describeCalls, summariseCalls } from "./p2.ts";
import { measureCalls } from "./p2-bench.ts";
import { describeP10, summariseP10 } from "./p10.ts";
import { measureP10 } from "./p10-bench.ts";
import { describePeer, summarisePeer } from "./peer.ts";
import { measurePeer } from "./peer-bench.ts";
import { PeerError } from "./peer-install.ts";
import { describeProfile } from "./profile.ts";
import { describeP1, summarise } from "./report.ts";

/** Where a benchmark works, and what it heeds. */
interface Run {
  readonly given: BenchOptions;
  /** Empty; removed afterwards. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

const RUNS: Readonly<Record<Bench, (run: Run) => Promise<void>>> = {
  P1: runP1,
  P2: (run) => runCalls("P2", run),
  P3: (run) => runCalls("P3", run),
  P6: runP6,
  P8: runP8,
  P9: runP9,
  P10: runP10,
  peer: runPeer,
};

/** Progress is for whoever looks on. */
const say = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
};
const facts = (): Facts =>
  factsOf(["node", ...process.execArgv, "scripts/bench-harness/main.ts", ...process.argv.slice(2)]);

/** One line of JSON, or a page for people. */
function print({ bench, json }: BenchOptions, options: object, result: object, describe: () => string): void {
  console.log(json ? JSON.stringify({ bench, facts: facts(), options, ...result }) : describe());
}

async function runP1({ given, folder, signal }: Run): Promise<void> {
  const { transactions, repeats, warmUp, inFlight, connections, bot, pin, profile } = given;
  const options: P1Options = { transactions, repeats, warmUp, inFlight, connections, bot, pin, profile };
  const result = await measureP1(folder, options, signal, say);
  const summary = summarise(result);
  const { samples } = result;
  print(given, options, { ...summary, samples }, () => describeP1(summary, facts(), options));
  if (profile !== undefined) console.log(describeProfile(profile));
}

async function runCalls(goal: CallGoal, { given, folder, signal }: Run): Promise<void> {
  const { transactions, repeats, warmUp, inFlight, connections, pin } = given;
  const options = { transactions, repeats, warmUp, inFlight, connections, pin };
  const samples = await measureCalls(goal, folder, options, signal, say);
  const summary = summariseCalls(samples);
  print(given, options, { ...summary, samples }, () => describeCalls(goal, summary, facts(), options));
}

async function runP6({ given, folder, signal }: Run): Promise<void> {
  const { repeats, warmUp, inFlight, connections, transactions } = given;
  const options = { repeats, warmUp, inFlight, connections, transactions };
  const samples = await measureP6(folder, options, signal, say);
  const summary = summariseP6(samples);
  print(given, options, { ...summary, samples }, () => describeP6(summary, facts(), options));
}

async function runP8({ given, folder, signal }: Run): Promise<void> {
  const { rate, seconds, repeats, warmUp, connections, pin } = given;
  const options = { rate, seconds, repeats, warmUp, connections, pin };
  const result = await measureP8(folder, options, signal, say);
  const summary = summariseP8(result.samples);
  print(given, options, { ...summary, ...result }, () => describeP8(summary, result, facts(), options));
}

async function runP9({ given, signal }: Run): Promise<void> {
  const { repeats, warmUp, inFlight, connections, transactions: calls } = given;
  const options = { repeats, warmUp, inFlight, connections, calls };
  const samples = await measureP9(options, signal, say);
  const summary = summariseP9(samples);
  print(given, options, { ...summary, samples }, () => describeP9(summary, facts(), options));
}

async function runP10({ given, folder, signal }: Run): Promise<void> {
  const { open, repeats, calls } = given;
  const options = { open, repeats, calls };
  const result = await measureP10(folder, options, signal, say);
  const summary = summariseP10(result);
  print(given, options, { ...summary, ...result }, () => describeP10(summary, result, facts(), options));
}

async function runPeer({ given, folder, signal }: Run): Promise<void> {
  const { transactions, repeats, warmUp, inFlight, connections } = given;
  const options = { transactions, repeats, warmUp, inFlight, connections };
  const result = await measurePeer(folder, options, signal, say);
  const summary = summarisePeer(result);
  print(given, options, { ...summary, ...result }, () => describePeer(summary, result.version, facts(), options));
}

function optionsOrExit(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(64);
  }
}

const given = optionsOrExit();
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
try {
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(given.withinMs)]);
  await RUNS[given.bench]({ given, folder, signal });
} catch (error) {
  const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
  const isExpected = stop.signal.aborted || reason instanceof PeerError;
  const text = reason instanceof Error && !isExpected ? reason.stack : undefined;
  process.stderr.write(`${text ?? (reason instanceof Error ? reason.message : String(reason))}\n`);
  process.exitCode = stop.signal.aborted ? 130 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
