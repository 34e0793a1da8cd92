import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, startChild } from "@countersign/testing";

const PYTHON = join(ROOT, ".peers/python-fido2/bin/python");
const SUITE = join(ROOT, ".peers/python-fido2-src");
const HERE = import.meta.dirname;

/** python-fido2 as a library and pytest; its own device tests, which only the source distribution has. */
export const pythonFido2Present: boolean = existsSync(PYTHON) && existsSync(join(SUITE, "tests/device/conftest.py"));

/** How pytest's cases ended, and why some were not run. */
export interface SuiteOutcome {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** Reason → how many. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Everything that pytest said. */
  readonly output: string;
}

/** Which cases, of whom. */
export type Suite = "device tests of python-fido2" | "our own";

/** Runs a suite against a fresh emulator with the given flags. Both are gone when it resolves. */
export async function runSuite(
  suite: Suite,
  folder: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<SuiteOutcome> {
  const socket = join(folder, "fido.sock");
  const emulator = await startChild("device-daemon/emulator/src/main.ts", [
    ...["--fido-socket", socket, "--store", join(folder, "store"), ...flags],
  ]);
  try {
    const [cwd, target] = suite === "our own" ? [HERE, "test_countersign_key.py"] : [SUITE, "tests/device"];
    return readOutcome(
      await pytest(cwd, target, {
        ...env,
        COUNTERSIGN_FIDO_SOCKET: socket,
        COUNTERSIGN_CONTROL: String(emulator.ready["control"]),
        COUNTERSIGN_FIDO_ROOT: String(emulator.ready["fidoRoot"]),
        PYTHONPATH: HERE,
        PYTHONDONTWRITEBYTECODE: "1",
      }),
    );
  } finally {
    await emulator.stop();
  }
}

async function pytest(cwd: string, target: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = ["-m", "pytest", "-v", "-rs", "--tb=short", "-p", "countersign_key", "-p", "no:cacheprovider", target];
  return new Promise((resolve) => {
    const given = { cwd, timeout: 600_000, maxBuffer: 2 ** 24, env: { ...process.env, ...env, COLUMNS: "250" } };
    execFile(PYTHON, args, given, (_failure, stdout, stderr) => resolve(stdout + stderr));
  });
}

function readOutcome(output: string): SuiteOutcome {
  const ended = (how: RegExp): string[] =>
    [...output.matchAll(/^(?:tests\/device\/)?(\S+\.py::.+?) (PASSED|FAILED|ERROR)\b/gm)]
      .filter(([, , outcome = ""]) => how.test(outcome))
      .map(([, name = ""]) => name);
  const skipped: Record<string, number> = {};
  for (const [, count, why = ""] of output.matchAll(/^SKIPPED \[(\d+)\] \S+: (.+)$/gm)) {
    skipped[why] = (skipped[why] ?? 0) + Number(count);
  }
  return { passed: ended(/PASSED/), failed: ended(/FAILED|ERROR/), skipped, output };
}
