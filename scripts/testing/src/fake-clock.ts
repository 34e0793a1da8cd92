/** Time that moves only when the test says so. Shape: `{ now(): Date }`, the Clock port of core, bots and daemon. */
export class FakeClock {
  #now: number;

  constructor(start: Date = new Date("2026-11-22T14:30:00.000Z")) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Moves forward (or back, when negative) by `ms` milliseconds. */
  advance(ms: number): void {
    this.#now += ms;
  }
}
