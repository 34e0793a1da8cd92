// scripts/fuzz: what a core does with inputs, frames and callers that it should not have.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureFloods } from "./http2/measure.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "8" },
    only: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function whole(name: "inputs" | "seed" | "seconds"): number {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name}: expected a whole number, not ${values[name]}\n`);
  process.exit(64);
}

async function http2(folder: string): Promise<boolean> {
  const rows = await measureFloods(folder, { seconds: whole("seconds"), only: values.only }, say);
  if (values.json) process.stdout.write(`${JSON.stringify({ floods: rows })}\n`);
  else for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  return rows.every(({ normal }) => normal.errors.length === 0);
}

const folder = mkdtempSync(join(tmpdir(), "countersign-fuzz-"));
try {
  const [what = "inputs", ...others] = positionals;
  if (what !== "http2" || others.length > 0) {
    process.stderr.write("scripts/fuzz [http2|overload]\n");
    process.exitCode = 64;
  } else if (!(await http2(folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
