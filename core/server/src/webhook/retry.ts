// Pure: when a message is tried again, and when it is given up. docs/protocol/webhook.md section 5.
import type { UnixMs } from "../store/entity.ts";

/** A message is tried so long, counted from when it was queued. */
export const GIVE_UP_MS = 86_400_000;
const FIRST_PAUSE_MS = 5000;
const FACTOR = 3;
/** A receiver that is up again waits no longer than that for what it missed. */
export const LONGEST_PAUSE_MS = 3_600_000;
/** Each pause is shorter by a part of its own up to this: what failed together does not come back together. */
const JITTER = 0.2;

/** The pause after so many tries that failed; `draw`: a number from 0 to 1. */
export function pauseAfter(attempts: number, draw: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * FACTOR ** Math.min(attempts - 1, 20), LONGEST_PAUSE_MS);
  return Math.round(longest * (1 - JITTER * draw));
}

/** When it is tried next; undefined: it is dead. The last try of all is when its time is up, never after. */
export function nextTry(
  { queuedAt, attempts }: { readonly queuedAt: UnixMs; readonly attempts: number },
  now: UnixMs,
  draw: number,
): UnixMs | undefined {
  const end = queuedAt + GIVE_UP_MS;
  return now >= end ? undefined : Math.min(now + pauseAfter(attempts, draw), end);
}
