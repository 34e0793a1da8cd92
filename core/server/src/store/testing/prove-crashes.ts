// node --conditions=source core/server/src/store/testing/prove-crashes.ts [--json]
// Kills the store at every passage of every named point and, where strace is installed, at every system call that writes;
// each time once more during recovery. Takes some minutes. Exit code 1: something was lost.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countCrashPoints, countSystemCalls, crashAtCall, crashOnce } from "./crash-sweep.ts";

const folder = mkdtempSync(join(tmpdir(), "countersign-crashes-"));
const faults: string[] = [];
const named = await countCrashPoints(folder);
for (const [i, crash] of named.entries()) await attempt(i, (at) => crashOnce(at, crash));
const withStrace = spawnSync("strace", ["-V"]).status === 0;
const calls = withStrace ? await countSystemCalls(folder) : [];
for (const [i, crash] of calls.entries()) await attempt(i, (at) => crashAtCall(at, crash));
rmSync(folder, { recursive: true, force: true });

const tried = named.length + calls.length;
if (process.argv.includes("--json"))
  console.log(JSON.stringify({ named: named.length, systemCalls: calls.length, faults }));
else {
  for (const fault of faults) console.log(fault);
  const skipped = withStrace ? "" : " (no system calls: strace is absent)";
  console.log(
    `${tried - faults.length} of ${tried} crashes survived: ${named.length} named, ${calls.length} system calls${skipped}`,
  );
}
process.exitCode = faults.length === 0 ? 0 : 1;

async function attempt(number: number, crash: (at: string) => Promise<string[]>): Promise<void> {
  const at = join(folder, String(number));
  faults.push(...(await crash(at)));
  rmSync(at, { recursive: true, force: true });
}
