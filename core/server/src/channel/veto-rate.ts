import type { UnixMs } from "../store/entity.ts";
import { count, COUNTED_MS, countedOf, type BotCounts } from "./bot-counts.ts";

/** So many vetoes within ten minutes are normal for any bot. */
const ALWAYS_NORMAL = 20;
/** Beyond that, one veto in so many prompts is. */
const PROMPTS_A_VETO = 4;

export interface CountedVeto {
  readonly counts: BotCounts;
  /** It may freeze. */
  readonly normal: boolean;
  /** Somebody has to be told, once in ten minutes. */
  readonly alarm: boolean;
}

/**
 * The vetoes of one bot against its prompts. Above the normal rate its vetoes still stop transactions, but freeze
 * nobody: a stolen bot token must not lock every user out.
 */
export function countVeto(before: BotCounts | undefined, now: UnixMs): CountedVeto {
  const counts = count(before, { vetoes: 1 }, now);
  const normal = isNormal(counts, now);
  const { alarmedAt } = counts;
  const alarm = !normal && (alarmedAt === undefined || alarmedAt > now || alarmedAt + COUNTED_MS <= now);
  return { counts: alarm ? { ...counts, alarmedAt: now } : counts, normal, alarm };
}

function isNormal(counts: BotCounts, now: UnixMs): boolean {
  const most = Math.max(ALWAYS_NORMAL, countedOf(counts, "prompts", now) / PROMPTS_A_VETO);
  return countedOf(counts, "vetoes", now) <= most;
}
