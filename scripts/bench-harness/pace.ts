// Work that begins at a fixed rate, whatever becomes of what began before: how long a call takes when others set the pace.
import { setTimeout as sleep } from "node:timers/promises";

/** What came of it. */
export interface Paced {
  /** Milliseconds as `work` says, of what was done, in no order. */
  readonly latencies: readonly number[];
  /** Begun and not done when the last one was due. */
  readonly unfinished: number;
  readonly failed: number;
  /** Of the first failure; "" without any. */
  readonly failure: string;
}

interface Pace {
  /** A second. */
  readonly rate: number;
  readonly seconds: number;
}

/** `work` is told its number and the moment it was due, by `performance.now()`, and answers its milliseconds. Waits for all. */
export async function atRate(
  { rate, seconds }: Pace,
  signal: AbortSignal,
  work: (index: number, due: number) => Promise<number>,
): Promise<Paced> {
  const count = Math.max(1, Math.round(rate * seconds));
  const latencies: number[] = [];
  const failures: string[] = [];
  const begin = async (index: number, due: number): Promise<void> => {
    try {
      latencies.push(await work(index, due));
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  };
  const running: Promise<void>[] = [];
  const began = performance.now();
  while (running.length < count) {
    const due = began + (running.length * 1000) / rate;
    const left = due - performance.now();
    if (left > 0) await sleep(left, undefined, { signal });
    signal.throwIfAborted();
    running.push(begin(running.length, due));
  }
  const unfinished = count - latencies.length - failures.length;
  await Promise.all(running);
  return { latencies, unfinished, failed: failures.length, failure: failures[0] ?? "" };
}

/** Some are always under way; so many that they are more than a quarter of a second's worth are a line that grows. */
const ALWAYS_UNDER_WAY = 8;

/** Whether the rate was carried: nothing failed, and no line had formed by the end. */
export function isCarried({ unfinished, failed }: Pick<Paced, "unfinished" | "failed">, rate: number): boolean {
  return failed === 0 && unfinished <= Math.max(ALWAYS_UNDER_WAY, rate / 4);
}

const STEPS = [250, 100, 50] as const;

/** The rates to be tried in turn: the one asked for, then lower ones. */
export function ratesFrom(asked: number): number[] {
  return [asked, ...STEPS.filter((rate) => rate < asked)];
}

/** The p-th part of them, by rank; throws without any. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
  if (found === undefined) throw new Error("a percentile needs at least one sample");
  return found;
}
