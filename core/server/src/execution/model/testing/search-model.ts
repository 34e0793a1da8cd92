// Spin over a model: all its states, or the first that breaks an assertion. scripts/install-peers spin.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";

const SPIN = "/usr/bin/spin";
const GCC = "/usr/bin/gcc";

export const hasSpin: boolean = existsSync(SPIN) && existsSync(GCC);

export interface Searched {
  readonly errors: number;
  /** The assertion that does not hold. */
  readonly violated: string | undefined;
  readonly states: number;
  /** Whether it looked at everything that it wanted to. */
  readonly isWhole: boolean;
}

/** What the verifier that Spin makes of the model says; `defined`: names given with -D. Works in a folder of its own below `folder`. */
export function searchModel(folder: string, model: string, defined: readonly string[]): Searched {
  const cwd = mkdtempSync(join(folder, "model-"));
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, args, { cwd, encoding: "utf8", timeout: 100_000, stdio: ["ignore", "pipe", "pipe"] });
  run(SPIN, ...defined.map((name) => `-D${name}`), "-a", join(import.meta.dirname, "..", model));
  run(GCC, "-O1", "-w", "-o", "pan", "pan.c");
  const said = run("./pan", "-m20000");
  return {
    errors: Number(/errors: (\d+)/.exec(said)?.[1]),
    violated: /assertion violated\s+(\S+)/.exec(said)?.[1],
    states: Number(/(\d+) states, stored/.exec(said)?.[1]),
    isWhole: !said.includes("max search depth too small"),
  };
}
