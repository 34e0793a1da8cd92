// Pure: what holds until a moment that the store keeps.
import type { UnixMs } from "../store/entity.ts";

/** So far two cores' clocks are apart at most. docs/protocol/store.md section 8 */
export const CLOCKS_MS = 5000;

/**
 * Whether that moment is to come. When it was stored it was `longestMs` ahead at most: one that is further off is of a clock
 * that was set back since, and is over.
 */
export function isStill(until: UnixMs, now: UnixMs, longestMs: number): boolean {
  return until > now && until <= now + longestMs + CLOCKS_MS;
}
