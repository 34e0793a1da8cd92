/** A rate: `perSecond` on average, `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Generic cell rate algorithm: one number, the time at which the bucket would be empty again. Times are milliseconds of
 * a monotonic clock, given by the caller.
 */
export class Gcra {
  readonly #interval: number;
  readonly #tolerance: number;
  #emptyAt = 0;

  constructor(rate: Rate) {
    this.#interval = 1000 / rate.perSecond;
    this.#tolerance = (rate.burst - 1) * this.#interval;
  }

  /** Milliseconds until one more call conforms; 0: now. */
  waitAt(now: number): number {
    return Math.max(0, this.#emptyAt - this.#tolerance - now);
  }

  /** Takes the next free place, now or in `waitAt(now)` milliseconds. */
  take(now: number): void {
    this.#emptyAt = Math.max(this.#emptyAt, now) + this.#interval;
  }

  /** The place taken last is used only now, later than was foreseen: what follows keeps its distance from that. */
  usedAt(now: number): void {
    this.#emptyAt = Math.max(this.#emptyAt, now + this.#interval);
  }

  /** Whether forgetting this bucket would change nothing. */
  isFull(now: number): boolean {
    return this.#emptyAt <= now;
  }
}
