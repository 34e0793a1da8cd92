import { setTimeout as wait } from "node:timers/promises";

/** Time as the bot sees it; tests bring their own. */
export interface Timer {
  /** Wall clock: compared with deadlines that the core named. */
  now(): Date;
  /** Milliseconds that only grow: leases, rate limits. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node takes a longer wait for one of 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemTimer: Timer = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await wait(Math.min(ms, LONGEST_MS), undefined, signal === undefined ? {} : { signal });
    } catch {
      // aborted: the caller looks at the signal
    }
  },
};
