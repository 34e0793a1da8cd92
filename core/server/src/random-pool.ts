import { randomFillSync } from "node:crypto";
import type { Random } from "./given.ts";

/** One call of the system's generator costs as much as the 4 kB do: ids and nonces are 8 to 32 bytes each. */
const POOL_BYTES = 4096;

/**
 * Random bytes of the system, drawn ahead. Each byte is handed out once, as a copy, and erased here in the same moment:
 * what lies in the pool is nobody's secret yet.
 */
export class RandomPool implements Random {
  readonly #pool = new Uint8Array(POOL_BYTES);
  readonly #fill: (bytes: Uint8Array) => unknown;
  #next = POOL_BYTES;

  /** `fill` is the system's generator unless a test wants to know what is drawn. */
  constructor(fill: (bytes: Uint8Array) => unknown = randomFillSync) {
    this.#fill = fill;
  }

  bytes(length: number): Uint8Array {
    if (!Number.isSafeInteger(length) || length < 0) throw new RangeError(`${length} is no number of random bytes`);
    if (length > POOL_BYTES) {
      const bytes = new Uint8Array(length);
      this.#fill(bytes);
      return bytes;
    }
    if (this.#next + length > POOL_BYTES) this.#refill();
    const end = this.#next + length;
    const bytes = this.#pool.slice(this.#next, end);
    this.#pool.fill(0, this.#next, end);
    this.#next = end;
    return bytes;
  }

  // Empty until it is full: after a generator that threw, nothing of the pool is used.
  #refill(): void {
    this.#next = POOL_BYTES;
    this.#fill(this.#pool);
    this.#next = 0;
  }
}
