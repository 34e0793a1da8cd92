import type { UnixMs } from "../store/entity.ts";
import { count, countedThisMinute, type BotCounts } from "./bot-counts.ts";

const MOST_A_MINUTE = 60;

/** How many strangers one bot may let in within a minute because links are being made. undefined: no more. */
export function countStranger(counts: BotCounts | undefined, now: UnixMs): BotCounts | undefined {
  if (countedThisMinute(counts, "strangers", now) >= MOST_A_MINUTE) return undefined;
  return count(counts, { strangers: 1 }, now);
}
