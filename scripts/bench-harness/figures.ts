// What every benchmark needs: CPU of a process as the kernel counts it, medians, and on what it was measured.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, release, totalmem } from "node:os";

/** Median, least and most of the repeats. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Throws without samples. Of an even number the median is the mean of the middle two. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) throw new Error("a spread needs at least one sample");
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? least) + (sorted[Math.ceil(middle)] ?? most)) / 2;
  return { median, least, most };
}

let ticksPerSecond: number | undefined;

/** CPU seconds, user and system, of all threads of a process since it began: fields 14 and 15 of /proc/PID/stat. */
export function cpuSecondsOf(pid: number): number {
  return secondsOf(`/proc/${pid}/stat`);
}

/** Of its first thread alone, the one that runs JavaScript: the others collect garbage and compile. */
export function mainSecondsOf(pid: number): number {
  return secondsOf(`/proc/${pid}/task/${pid}/stat`);
}

function secondsOf(file: string): number {
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return ticksOf(readFileSync(file, "utf8")) / ticksPerSecond;
}

/** utime + stime of a line of /proc/PID/stat. The program's name, field 2, may hold spaces and parentheses. */
export function ticksOf(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(afterName[11]), Number(afterName[12])];
  if (!Number.isInteger(user) || !Number.isInteger(system))
    throw new Error("/proc/PID/stat: fields 14 and 15 are missing");
  return user + system;
}

/** Host and versions: a figure without them says nothing. */
export interface Facts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  /** Runnable processes over the last minute: above `cores`, others were at work too. */
  readonly load: number;
  readonly node: string;
  readonly sqlite: string;
  readonly openssl: string;
  readonly grpcJs: string;
  readonly command: string;
}

/** Of this machine, now. */
export function factsOf(command: readonly string[]): Facts {
  const { sqlite, openssl } = process.versions;
  const grpc = createRequire(import.meta.url)("@grpc/grpc-js/package.json") as { version: string };
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    load: loadavg()[0] ?? 0,
    node: process.version,
    sqlite: sqlite ?? "none",
    openssl,
    grpcJs: grpc.version,
    command: command.join(" "),
  };
}
