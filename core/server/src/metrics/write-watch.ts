import type { Commit } from "./label-sets.ts";

/** A failure that nothing followed is old after so long: who gets no calls would never commit again. */
const REMEMBERED_MS = 10_000;

/** Whether the store still takes changes, by what became of those that were made anyway. */
export class WriteWatch {
  #failedAt: number | undefined;

  /** `now`: monotonic milliseconds. */
  note(outcome: Commit, now: number): void {
    if (outcome === "committed") this.#failedAt = undefined;
    else if (outcome === "full" || outcome === "stopped" || outcome === "unknown") this.#failedAt = now;
  }

  /** The last change failed, a moment ago. */
  isFailing(now: number): boolean {
    return this.#failedAt !== undefined && now - this.#failedAt < REMEMBERED_MS;
  }
}
