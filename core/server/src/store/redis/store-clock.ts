import { performance } from "node:perf_hooks";
import type { UnixMs } from "../entity.ts";

/**
 * The store's clock is Redis': every core measures by the same one, whatever its own says. Between two answers it is
 * carried on by the monotonic clock of this machine.
 */
export class StoreClock {
  readonly #fixed: { now(): Date } | undefined;
  #offset = Date.now() - performance.now();
  #halfTrip = Infinity;

  /** `fixed`: the clock of a test, in place of Redis'. */
  constructor(fixed?: { now(): Date }) {
    this.#fixed = fixed;
  }

  now(): UnixMs {
    return this.#fixed?.now().getTime() ?? Math.round(performance.now() + this.#offset);
  }

  /** What a script is told: "" where the server's own clock counts. */
  get argument(): string {
    return this.#fixed === undefined ? "" : String(this.now());
  }

  /** Starts a question whose answer says the server's time. */
  start(): (now: UnixMs) => void {
    const asked = performance.now();
    return (now) => {
      const answered = performance.now();
      const halfTrip = (answered - asked) / 2;
      // A quick answer says more than a slow one; an old one fades, because clocks drift.
      this.#halfTrip = this.#halfTrip * 1.01 + 0.01;
      if (halfTrip > this.#halfTrip) return;
      this.#halfTrip = halfTrip;
      this.#offset = now - (asked + answered) / 2;
    };
  }

  /** The server's clock is elsewhere than was thought: it was set, or the machine slept. */
  reset(now: UnixMs): void {
    this.#offset = now - performance.now();
    this.#halfTrip = Infinity;
  }
}
