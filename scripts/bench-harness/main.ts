// npm run bench -- [P1|P6|P9] [--json] [--transactions N] [--repeats N] [--warm-up N] [--in-flight N] [--connections N] [--no-bot]
//                  [--pin] [--profile DIR] [--within SECONDS]
// Goal P1: full transactions (Create + SubmitStatement, FULL durability) per CPU-second of the core, against two
// bare gRPC echoes and one P-256 verify. Goal P6: the same over one core and over two on one Redis. Goal P9: unary calls through the gRPC-Web bridge; of the options those that are
// no matter of the core, --transactions being calls. Needs Linux (/proc). Everything is on loopback and in a folder that is removed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Facts, factsOf } from "./figures.ts";
import { describeP6, measureP6, summariseP6 } from "./p6.ts";
import { describeP9, measureP9, summariseP9 } from "./p9.ts";
import { measureP1, type P1Options } from "./p1.ts";
import { describeProfile } from "./profile.ts";
import { describeP1, summarise } from "./report.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    transactions: { type: "string", default: "1000" },
    repeats: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "2500" },
    "in-flight": { type: "string", default: "64" },
    connections: { type: "string", default: "8" },
    "no-bot": { type: "boolean", default: false },
    pin: { type: "boolean", default: false },
    /** Whatever happens, it stops by then. */
    within: { type: "string", default: "900" },
    profile: { type: "string" },
  },
});

function whole(
  name: "transactions" | "repeats" | "warm-up" | "in-flight" | "connections" | "within",
  most: number,
): number {
  const text = values[name];
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  process.stderr.write(`--${name}: must be a whole number from 1 to ${most}\n`);
  process.exit(64);
}

const [bench = "P1", ...others] = positionals;
if (!["P1", "P6", "P9"].includes(bench) || others.length > 0) {
  process.stderr.write("give one benchmark: P1, P6 or P9\n");
  process.exit(64);
}

const options: P1Options = {
  transactions: whole("transactions", 5_000),
  repeats: whole("repeats", 25),
  warmUp: whole("warm-up", 5_000),
  inFlight: whole("in-flight", 256),
  connections: whole("connections", 32),
  bot: !values["no-bot"],
  pin: values.pin,
  profile: values.profile === undefined ? undefined : resolve(values.profile),
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const facts = (): Facts =>
  factsOf(["node", ...process.execArgv, "scripts/bench-harness/main.ts", ...process.argv.slice(2)]);

async function runP1(signal: AbortSignal): Promise<void> {
  const result = await measureP1(folder, options, signal, say);
  const summary = summarise(result);
  const { samples } = result;
  if (values.json) console.log(JSON.stringify({ bench, facts: facts(), options, ...summary, samples }));
  else console.log(describeP1(summary, facts(), options));
  if (options.profile !== undefined) console.log(describeProfile(options.profile));
}

async function runP6(signal: AbortSignal): Promise<void> {
  const { repeats, warmUp, inFlight, connections, transactions } = options;
  const ofP6 = { repeats, warmUp, inFlight, connections, transactions };
  const samples = await measureP6(folder, ofP6, signal, say);
  const summary = summariseP6(samples);
  if (values.json) console.log(JSON.stringify({ bench, facts: facts(), options: ofP6, ...summary, samples }));
  else console.log(describeP6(summary, facts(), ofP6));
}

async function runP9(signal: AbortSignal): Promise<void> {
  const { repeats, warmUp, inFlight, connections, transactions: calls } = options;
  const ofP9 = { repeats, warmUp, inFlight, connections, calls };
  const samples = await measureP9(ofP9, signal, say);
  const summary = summariseP9(samples);
  if (values.json) console.log(JSON.stringify({ bench, facts: facts(), options: ofP9, ...summary, samples }));
  else console.log(describeP9(summary, facts(), ofP9));
}

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
try {
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(1000 * whole("within", 3_600))]);
  if (bench === "P9") await runP9(signal);
  else if (bench === "P6") await runP6(signal);
  else await runP1(signal);
} catch (error) {
  const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
  const text = reason instanceof Error && !stop.signal.aborted ? reason.stack : undefined;
  process.stderr.write(`${text ?? (reason instanceof Error ? reason.message : String(reason))}\n`);
  process.exitCode = stop.signal.aborted ? 130 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
