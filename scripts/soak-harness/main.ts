// scripts/soak: whole transactions for a long time; prints what was seen as JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { soak, type Soaked } from "./soak.ts";

const HELP = "scripts/soak [--minutes M] [--rate auto|N] [--users N] [--store redis://…] [--json]";
/** Below that the slope and the drift say more about the start, and the machine, than about the core. */
const LONG_MINUTES = 10;
const MOST_DRIFT = 0.1;
/** Of the memory after the first quarter, in an hour: what the core keeps of each transaction is in it. */
const MOST_GROWTH = 0.1;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    rate: { type: "string", default: "auto" },
    users: { type: "string" },
    store: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  process.stderr.write(`--${name}: expected a number, not ${text}\n${HELP}\n`);
  process.exit(64);
}

/** What does not hold. */
function violationsOf(soaked: Soaked, minutes: number): string[] {
  const { lost, errors, executedTwice, verdict } = soaked;
  const violations: string[] = [];
  if (lost.length > 0) violations.push(`${lost.length} transactions did not end as they should`);
  if (errors.length > 0) violations.push(`${errors.length} lives met an error`);
  if (executedTwice > 0) violations.push(`${executedTwice} transactions were executed twice`);
  if (minutes < LONG_MINUTES) return violations;
  const growth = (verdict.rssSlope * 60) / verdict.rssMb[0];
  if (growth > MOST_GROWTH) violations.push(`memory grows by ${(100 * growth).toFixed(0)} % an hour`);
  if (verdict.p99Drift > MOST_DRIFT) violations.push(`p99 drifted by ${(100 * verdict.p99Drift).toFixed(0)} %`);
  return violations;
}

async function main(): Promise<void> {
  const minutes = number("minutes", values.minutes);
  const rate = values.rate === "auto" ? undefined : number("rate", values.rate);
  const folder = mkdtempSync(join(tmpdir(), "countersign-soak-"));
  try {
    const users = values.users === undefined ? {} : { users: number("users", values.users) };
    const options = { seconds: 60 * minutes, rate, store: values.store, ...users };
    const soaked = await soak(folder, options, (line) => void process.stderr.write(`${line}\n`));
    const violations = violationsOf(soaked, minutes);
    const { lost, errors, ...rest } = soaked;
    const shown = { ...rest, lost: lost.slice(0, 10), errors: errors.slice(0, 10), violations };
    process.stdout.write(`${JSON.stringify(shown, null, values.json ? 0 : 1)}\n`);
    if (violations.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.help) process.stdout.write(`${HELP}\n`);
else await main();
