// Places where a core can end: named points of a commit, and system calls on the store's files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CrashPoint } from "@countersign/core";
import { DATABASE_FILE } from "../../core/server/src/store/sqlite-database.ts";
import type { CoreStart } from "./core-process.ts";
import { coreFlags, type Installation } from "./installation.ts";

/** Calls that change what is on the disk. */
export const WRITING = ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"] as const;
/** Calls on the store's files while it is opened and recovered. */
export const OPENING = ["openat", "pread64", "fcntl", "ftruncate", "mmap", "newfstatat", "pwrite64", "unlink"] as const;
/** Named points while it is opened. */
export const OPENING_POINTS: readonly CrashPoint[] = ["folder-locked", "schema-created", "opened"];

export type Place =
  | { readonly type: "point"; readonly point: CrashPoint; readonly hit: number }
  | { readonly type: "call"; readonly call: string; readonly hit: number };

export const NAMED_CORE = "scripts/faults-harness/crashing-core-main.ts";

/** One line for a person. */
export function describePlace(place: Place): string {
  return `${place.type === "point" ? place.point : place.call} ${place.hit}`;
}

/** A core that ends there, if it gets there. */
export function mortalCore(installation: Installation, place: Place): CoreStart {
  const args = coreFlags(installation);
  if (place.type === "point")
    return { args: [...args, "--crash-at", `${place.point}:${place.hit}`], entry: NAMED_CORE };
  const { call, hit } = place;
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${hit}`];
  return { args, wrapper: [...straceOn(installation, "/dev/null"), ...inject] };
}

/** A core whose calls on the store are written to `log`. */
export function tracedCore(installation: Installation, log: string): CoreStart {
  const calls = [...new Set([...WRITING, ...OPENING])];
  return {
    args: coreFlags(installation),
    wrapper: [...straceOn(installation, log), "-e", `trace=${calls.join()}`],
  };
}

/** How often a log of tracedCore names each of these calls. */
export function countCalls(log: string, calls: readonly string[]): Place[] {
  const all = readFileSync(log, "utf8").split("\n");
  return calls.flatMap((call) => {
    const count = all.filter((line) => line.includes(` ${call}(`)).length;
    return Array.from({ length: count }, (_, i) => ({ type: "call", call, hit: i + 1 }) as const);
  });
}

/** -D: the core is our child, strace its grandchild. -P: calls on other files do not count. */
function straceOn({ folder }: Installation, log: string): string[] {
  const data = join(folder, "data");
  const files = [DATABASE_FILE, `${DATABASE_FILE}-wal`, `${DATABASE_FILE}-shm`];
  return ["strace", "-D", "-f", "-qq", "-o", log, ...files.flatMap((file) => ["-P", join(data, file)])];
}
