// scripts/faults NAME [OPTIONS]: campaigns against real processes. docs/how-to/prove-it-survives.md
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CAMPAIGNS } from "./campaigns.ts";

const HELP = `scripts/faults NAME [OPTIONS] [--json]   ends with status 1 where something was lost, done twice, or hung
${Object.entries(CAMPAIGNS)
  .map(([name, { options, meaning }]) => `  ${`${name} ${options}`.padEnd(26)} ${meaning}`)
  .join("\n")}`;

const number = { type: "string" } as const;
const { values, positionals } = parseArgs({
  options: {
    ...{ points: number, images: number, failovers: number },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const [name = ""] = positionals;
const campaign = CAMPAIGNS[name];
if (values.help) process.stdout.write(`${HELP}\n`);
else if (campaign === undefined) fail(name === "" ? "which one?" : `there is no campaign ${name}`);
else process.exitCode = await run(campaign);

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function count(option: "points" | "images" | "failovers"): number | undefined {
  const given = values[option];
  if (given === undefined) return undefined;
  const read = Number(given);
  return Number.isInteger(read) && read > 0 ? read : fail(`--${option}: expected a whole number, not ${given}`);
}

async function run({ start }: (typeof CAMPAIGNS)[string]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-faults-"));
  try {
    const { lines, faults, figures } = await start({ folder, count, say });
    const text = [...faults.slice(0, 50), ...lines].join("\n");
    process.stdout.write(values.json ? `${JSON.stringify({ name, ...figures, faults })}\n` : `${text}\n`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n${HELP}\n`);
  process.exit(64);
}
