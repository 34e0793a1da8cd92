import type { Timer } from "../timer.ts";

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Time that moves only when the test says so; sleepers wake in order. */
export class ManualTimer implements Timer {
  readonly #start: number;
  #elapsed = 0;
  #sleepers: Sleeper[] = [];

  constructor(start: Date = new Date("2026-11-22T13:30:00.000Z")) {
    this.#start = start.getTime();
  }

  now(): Date {
    return new Date(this.#start + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const sleeper = { until: this.#elapsed + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      const abort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Moves to the moment at which the next sleeper wakes. False when nobody sleeps. */
  async advanceToNext(): Promise<boolean> {
    if (this.#sleepers.length === 0) return false;
    await this.advance(Math.max(0, Math.min(...this.#sleepers.map(({ until }) => until)) - this.#elapsed));
    return true;
  }

  /** Moves forward and lets everything that became due run. */
  async advance(ms: number): Promise<void> {
    this.#elapsed += ms;
    const due = this.#sleepers.filter(({ until }) => until <= this.#elapsed).toSorted((a, b) => a.until - b.until);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#elapsed);
    for (const { wake } of due) {
      wake();
      await settled();
    }
    await settled();
  }
}

/** Resolves once everything that can run without time or network passing has run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
