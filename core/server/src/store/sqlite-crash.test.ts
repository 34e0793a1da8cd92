import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { CRASH_POINTS } from "./crash-point.ts";
import { countCrashPoints, countSystemCalls, crashAtCall, crashOnce, SYSTEM_CALLS } from "./testing/crash-sweep.ts";

const folder = tempFolder();
/** A hundred processes, each of which takes its time on a busy machine. */
const PATIENCE_MS = 600_000;

// First and last passage of every point; `node core/server/src/store/testing/prove-crashes.ts` takes them all, `scripts/faults
// crash` the places of a whole core.
test(
  "kill -9 at every named point, and again while recovering: nothing acknowledged is lost, nothing is half",
  async () => {
    const all = await countCrashPoints(folder);
    const chosen = CRASH_POINTS.flatMap((point) => sample(all.filter((crash) => crash.point === point)));
    expect(new Set(chosen.map(({ point }) => point))).toEqual(new Set(CRASH_POINTS));
    const faults: string[] = [];
    for (const crash of chosen) faults.push(...(await crashOnce(join(folder, `${crash.point}-${crash.hit}`), crash)));
    expect(faults).toEqual([]);
  },
  PATIENCE_MS,
);

const strace = testWith("strace", spawnSync("strace", ["-V"]).status === 0);

strace("kill -9 at system calls of commit, close and recovery", killAtCalls, PATIENCE_MS);

async function killAtCalls(): Promise<void> {
  const all = await countSystemCalls(folder);
  const chosen = SYSTEM_CALLS.flatMap((call) => sample(all.filter((crash) => crash.call === call)));
  const faults: string[] = [];
  for (const crash of chosen) faults.push(...(await crashAtCall(join(folder, `${crash.call}-${crash.hit}`), crash)));
  expect(faults).toEqual([]);
}

function sample<T>(crashes: readonly T[]): T[] {
  const picked = new Set([0, crashes.length - 1]);
  return crashes.filter((_, i) => picked.has(i));
}
