/** Nobody who was refused is to come back sooner. */
export const SOONEST_MS = 500;
/** Nor later: somebody may be waiting for it. As long as five times too many callers take to come back one by one. */
export const LATEST_MS = 8000;
/**
 * Calls that the core does from one of those who come back to the next: they and callers that come for the first time have
 * places between them, and refusing the rest takes a tenth of the core at most.
 */
export const CALLS_APART = 2;

/** With so many addresses those whose callers have all come back are forgotten. */
const MANY = 1024;

/**
 * When callers that were refused are to come back: one after the other at a pace that the core can keep, each address by
 * itself. Told the same time, or a time that does not grow with their number, they would come to be refused again, and
 * refusing is what an overloaded core has no time for.
 */
export class Appointments {
  /** By address, the next moment that nobody was told. */
  readonly #next = new Map<string, number>();

  /** Addresses that anybody is expected from. */
  get size(): number {
    return this.#next.size;
  }

  /** Milliseconds for one who is refused now, when a call of this address is done in so many. */
  waitMs(address: string, callMs: number, nowMs: number): number {
    if (this.#next.size >= MANY) this.#forget(nowMs);
    const free = Math.max(this.#next.get(address) ?? 0, nowMs + SOONEST_MS);
    const at = Math.min(free, nowMs + LATEST_MS);
    this.#next.set(address, at + CALLS_APART * callMs);
    return at - nowMs;
  }

  #forget(nowMs: number): void {
    for (const [address, at] of this.#next) if (at <= nowMs + SOONEST_MS) this.#next.delete(address);
  }
}
