import { readdirSync, readlinkSync } from "node:fs";

/**
 * How many descriptors of a running process are this file. Of this process by default: a test shares it with whatever ran
 * before in it, whose sockets and pipes close when they like, so only a file of the test's own can be counted exactly.
 */
export function descriptorsOf(path: string, pid: number | "self" = "self"): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => targetOf(`/proc/${pid}/fd/${fd}`) === path).length;
}

/** Where a descriptor leads; undefined when it has been closed since it was listed. */
export function targetOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
