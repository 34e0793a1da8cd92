import type { Key } from "../identity/key.ts";

type Counter = Key["counter"];

/** How far below the highest a counter may still come late, as parallel statements do. */
const WINDOW = 64;

/** Whether the key never used it: above the highest, or free within the last 64. */
export function isUnused(counter: Counter, used: number): boolean {
  if (used > counter.highest) return true;
  const behind = counter.highest - used;
  return behind < WINDOW && (counter.seen & (1n << BigInt(behind))) === 0n;
}

/** The counter after this use; the same when it was used before. */
export function use(counter: Counter, used: number): Counter {
  if (!isUnused(counter, used)) return counter;
  if (used <= counter.highest) {
    return { ...counter, seen: counter.seen | (1n << BigInt(counter.highest - used)) };
  }
  const moved = used - counter.highest;
  const older = moved >= WINDOW ? 0n : BigInt.asUintN(WINDOW, counter.seen << BigInt(moved));
  return { highest: used, seen: older | 1n };
}
