import { readFileSync } from "node:fs";

/** What a process occupies, in MB of 2^20 bytes, as the kernel counts it. */
export interface Memory {
  /** VmRSS: all that is in memory. */
  readonly allMb: number;
  /** RssAnon: of it, what no file backs. */
  readonly ownMb: number;
}

/** Throws when the process is gone. */
export function memoryOf(pid: number): Memory {
  return memoryIn(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** The same from the text of /proc/PID/status. */
export function memoryIn(status: string): Memory {
  return { allMb: megabytes(status, "VmRSS"), ownMb: megabytes(status, "RssAnon") };
}

function megabytes(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (found === undefined) throw new Error(`/proc/PID/status: no ${name}`);
  return Number(found) / 1024;
}
