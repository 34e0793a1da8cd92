// CPU of a measured process over a piece of work.
import { spawnSync } from "node:child_process";
import { cpuSecondsOf, mainSecondsOf } from "./figures.ts";
import type { Sample } from "./p1.ts";

/** What `pid` spends on `units` pieces of work, all done when `work` resolves. */
export async function sampleOf(pid: number, units: number, work: () => Promise<void>): Promise<Sample> {
  const [cpu, main, began] = [cpuSecondsOf(pid), mainSecondsOf(pid), performance.now()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  const micros = ((cpuSecondsOf(pid) - cpu) * 1e6) / units;
  return { units, seconds, micros, mainMicros: ((mainSecondsOf(pid) - main) * 1e6) / units };
}

/** Keeps a process, with all its threads, on one processor. */
export function pinTo(core: number, pid: number): void {
  const { status, stderr } = spawnSync("taskset", ["-a", "-p", "-c", String(core), String(pid)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`--pin: taskset failed (${stderr ?? "not installed"}); leave --pin out`);
}
