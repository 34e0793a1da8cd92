import type { UnixMs } from "../store/entity.ts";
import type { BotHealth } from "./bot-health.ts";

/** What one bot did in one minute. */
export interface CountedMinute {
  /** Its first millisecond. */
  readonly at: UnixMs;
  readonly prompts: number;
  readonly vetoes: number;
  /** Strangers that it was let bring in. */
  readonly strangers: number;
}

/**
 * What is counted of a bot over the last minutes, oldest first. It lies in the bot's lease, so that every core counts on
 * where the last one stopped and no restart forgives anything.
 */
export interface BotCounts {
  readonly minutes: readonly CountedMinute[];
  /** When somebody was last told that it vetoes too much. */
  readonly alarmedAt?: UnixMs;
  /** Of its provider, as of the last beat. */
  readonly health?: BotHealth;
}

export type Counted = Readonly<Partial<Omit<CountedMinute, "at">>>;

const MINUTE_MS = 60_000;
/** A minute counts until its last moment is so old. */
export const COUNTED_MS = 600_000;

/** The counts with these added now. A minute that the clock has not come to yet is taken for the current one. */
export function count(counts: BotCounts | undefined, more: Counted, now: UnixMs): BotCounts {
  const at = minuteOf(now);
  const kept = recent(counts, now);
  const current = kept.filter((one) => one.at === at).reduce(sum, { at, prompts: 0, vetoes: 0, strangers: 0 });
  const minutes = [...kept.filter((one) => one.at !== at), sum(current, { at, ...NOTHING, ...more })];
  return { ...counts, minutes };
}

/** How many of these there were within `COUNTED_MS`. */
export function countedOf(counts: BotCounts | undefined, what: keyof Counted, now: UnixMs): number {
  return recent(counts, now).reduce((all, one) => all + one[what], 0);
}

/** How many of these there were in the current minute. */
export function countedThisMinute(counts: BotCounts | undefined, what: keyof Counted, now: UnixMs): number {
  const current = recent(counts, now).filter(({ at }) => at === minuteOf(now));
  return current.reduce((all, one) => all + one[what], 0);
}

const NOTHING = { prompts: 0, vetoes: 0, strangers: 0 } as const;

function recent(counts: BotCounts | undefined, now: UnixMs): CountedMinute[] {
  const current = minuteOf(now);
  return (counts?.minutes ?? [])
    .map((one) => (one.at <= current ? one : { ...one, at: current }))
    .filter(({ at }) => at + MINUTE_MS > now - COUNTED_MS);
}

function sum(one: CountedMinute, other: CountedMinute): CountedMinute {
  return {
    at: one.at,
    prompts: one.prompts + other.prompts,
    vetoes: one.vetoes + other.vetoes,
    strangers: one.strangers + other.strangers,
  };
}

function minuteOf(now: UnixMs): UnixMs {
  return now - (now % MINUTE_MS);
}
