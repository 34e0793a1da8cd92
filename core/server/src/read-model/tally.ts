// Counts for the overview: each row says what it counts as, so that a row that changes takes back what it said before.
import type { UnixMs } from "../store/entity.ts";

/** What a row is counted as: when, in minutes since 1970, and what. NOW: as it stands, whenever that was. */
export type Count = readonly [minute: number, what: string];

export const NOW = -1;

/** Of a transaction. `outcome`: how it ended, "CONFIRMED" for what a key confirmed whatever became of it then. */
export interface CountedTransaction {
  readonly state: string;
  readonly outcome: string | undefined;
  readonly ended: UnixMs | undefined;
  /** Milliseconds from creation to confirmation. */
  readonly confirm: number | undefined;
}

const OVER: ReadonlySet<string> = new Set([
  ...[
    "EXECUTED",
    "EXECUTION_FAILED",
    "APPROVED",
    "REJECTED",
    "TAMPERED",
    "LOCKED",
    "EXPIRED",
    "CANCELLED",
    "UNDELIVERABLE",
  ],
]);

/** Waits for nobody any more. */
export function isOver(state: string): boolean {
  return OVER.has(state);
}

export function countsOfTransaction({ state, outcome, ended, confirm }: CountedTransaction): Count[] {
  const counts: Count[] = isOver(state) ? [] : [[NOW, `open.${state}`]];
  if (outcome === undefined || ended === undefined) return counts;
  counts.push([minuteOf(ended), `ended.${outcome}`]);
  if (confirm !== undefined) counts.push([hourOf(ended), `confirm.${bucketOf(confirm)}`]);
  return counts;
}

/** Of a message that shows a code. `sent`: milliseconds until it stood in the chat. */
export interface CountedDelivery {
  readonly platform: string;
  readonly state: string;
  readonly ended: UnixMs | undefined;
  readonly sent: number | undefined;
}

export function countsOfDelivery({ platform, state, ended, sent }: CountedDelivery): Count[] {
  if (ended === undefined) return [];
  const counts: Count[] = sent === undefined ? [] : [[hourOf(ended), `sent.${platform}.${bucketOf(sent)}`]];
  if (state === "FAILED") counts.push([hourOf(ended), `failed.${platform}`]);
  return counts;
}

/** What is to be added, and what taken away. */
export function difference(before: readonly Count[], after: readonly Count[]): (readonly [...Count, 1 | -1])[] {
  const has = (counts: readonly Count[], [minute, what]: Count): boolean =>
    counts.some((one) => one[0] === minute && one[1] === what);
  return [
    ...before.filter((one) => !has(after, one)).map(([minute, what]) => [minute, what, -1] as const),
    ...after.filter((one) => !has(before, one)).map(([minute, what]) => [minute, what, 1] as const),
  ];
}

const MINUTE_MS = 60_000;

export function minuteOf(at: UnixMs): number {
  return Math.floor(at / MINUTE_MS);
}

/** Times are counted by the hour: of those there are many kinds. */
export function hourOf(at: UnixMs): number {
  return minuteOf(at) - (minuteOf(at) % 60);
}

const STEP = Math.log(1.05);

/** Times that differ by less than 5 % share one. */
export function bucketOf(ms: number): number {
  return Math.round(Math.log(Math.max(0, ms) + 1) / STEP);
}

/** The time in the middle of a bucket. */
export function timeOf(bucket: number): number {
  return Math.round(Math.exp(bucket * STEP) - 1);
}

/** The time that a share of all is not above; undefined: there are none. */
export function quantile(times: ReadonlyMap<number, number>, share: number): number | undefined {
  const buckets = [...times].filter(([, n]) => n > 0).toSorted(([one], [other]) => one - other);
  const all = buckets.reduce((sum, [, n]) => sum + n, 0);
  let left = Math.ceil(all * share);
  for (const [bucket, n] of buckets) {
    left -= n;
    if (left <= 0) return timeOf(bucket);
  }
  return undefined;
}
