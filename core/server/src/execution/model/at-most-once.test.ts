// The model of the gate and the idempotency key, searched whole by Spin: scripts/install-peers spin.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tempFolder, testWith } from "@countersign/testing";
import { expect } from "@jest/globals";

const SPIN = "/usr/bin/spin";
const GCC = "/usr/bin/gcc";
const MODEL: string = join(import.meta.dirname, "at-most-once.pml");

const folder = tempFolder();
const peerTest = testWith("spin", existsSync(SPIN) && existsSync(GCC));

/** What the verifier that Spin makes of the model says of all its states. */
function search(...leftOut: readonly string[]): string {
  const cwd = mkdtempSync(join(folder, "model-"));
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, args, { cwd, encoding: "utf8", timeout: 60_000, stdio: ["ignore", "pipe", "pipe"] });
  run(SPIN, ...leftOut.map((rule) => `-D${rule}`), "-a", MODEL);
  run(GCC, "-O1", "-w", "-o", "pan", "pan.c");
  return run("./pan", "-m20000");
}

const RUNS = [
  { name: "with the gate and the key nothing goes wrong", leftOut: [], errors: 0, violated: undefined },
  { name: "without the key it executes twice", leftOut: ["NO_KEY"], errors: 1, violated: "(executions<=1)" },
  {
    name: "without the gate it executes after it expired",
    leftOut: ["NO_GATE"],
    errors: 1,
    violated: "!((expired&&(executions>0)))",
  },
] as const;

for (const { name, leftOut, errors, violated } of RUNS) {
  peerTest(`reliability 5: two confirmers, expiry, recovery, two crashes: ${name}`, () => {
    const said = search(...leftOut);
    expect(Number(/errors: (\d+)/.exec(said)?.[1])).toBe(errors);
    expect(/assertion violated\s+(\S+)/.exec(said)?.[1]).toBe(violated);
    expect(said).not.toContain("max search depth too small");
    // Without a finding it was searched to its end, and not only begun.
    const states = Number(/(\d+) states, stored/.exec(said)?.[1]);
    expect(states).toBeGreaterThan(violated === undefined ? 1000 : 0);
  });
}
