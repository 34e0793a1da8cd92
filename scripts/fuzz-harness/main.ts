// scripts/fuzz: what a core does with inputs, frames and callers that it should not have.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Campaign, runCampaign } from "./campaign.ts";
import { measureFloods } from "./http2/measure.ts";
import { measureOverload } from "./overload/measure.ts";

const HELP = `scripts/fuzz [--inputs N] [--seed S] [--from N] [--only NAME]... [--json]
scripts/fuzz http2 [--seconds S] [--only NAME]... [--json]
scripts/fuzz overload [--seconds S] [--times N] [--json]`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    seconds: { type: "string" },
    times: { type: "string", default: "5" },
    only: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (what: object): void => void process.stdout.write(`${JSON.stringify(what, null, values.json ? 0 : 1)}\n`);

function whole(name: "inputs" | "seed" | "from" | "seconds" | "times", absent?: number): number {
  const number = Number(values[name] ?? absent);
  if (Number.isInteger(number) && number >= 0) return number;
  return fail(`--${name}: expected a whole number, not ${values[name]}`);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n${HELP}\n`);
  process.exit(64);
}

async function inputs(folder: string): Promise<boolean> {
  const options = { inputs: whole("inputs"), seed: whole("seed"), from: whole("from"), only: values.only };
  const found: Campaign = await runCampaign(folder, options, say);
  print(found);
  for (const { target, seed, n, what } of found.findings) {
    say(`${target}: ${what}\n  scripts/fuzz --seed ${seed} --only ${target} --from ${n} --inputs 1`);
  }
  return found.findings.length === 0;
}

async function http2(folder: string): Promise<boolean> {
  const rows = await measureFloods(folder, { seconds: whole("seconds", 8), only: values.only }, say);
  print({ floods: rows });
  return rows.every(({ normal }) => normal.errors.length === 0);
}

async function overload(folder: string): Promise<boolean> {
  const found = await measureOverload(folder, { seconds: whole("seconds", 60), times: whole("times") });
  print(found);
  return found.otherErrors === 0 && found.urgent.refused === 0;
}

const RUNS: Readonly<Record<string, (folder: string) => Promise<boolean>>> = { inputs, http2, overload };
const [what = "inputs", ...others] = positionals;
const run = RUNS[what];
if (values.help) process.stdout.write(`${HELP}\n`);
else if (run === undefined || others.length > 0) fail(`there is no ${positionals.join(" ")}`);
else {
  const folder = mkdtempSync(join(tmpdir(), "countersign-fuzz-"));
  try {
    if (!(await run(folder))) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
