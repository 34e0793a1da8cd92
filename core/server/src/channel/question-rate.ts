import type { UnixMs } from "../store/entity.ts";

const WINDOW_MS = 60_000;
const MOST = 60;

/** How many strangers one bot may let in within a minute because links are being made. */
export class QuestionRate {
  #since: UnixMs = 0;
  #count = 0;

  /** Counts one; whether it is within the limit. */
  admits(now: UnixMs): boolean {
    if (now < this.#since || now >= this.#since + WINDOW_MS) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= MOST;
  }
}
