import type { Timer } from "@countersign/bot-kit";

const FIRST_MS = 1_000;
const LONGEST_MS = 16_000;

/** How long nothing is sent after the SMSC asked for silence: doubled while it goes on asking. */
export class Throttle {
  readonly #timer: Timer;
  #next = FIRST_MS;
  #until = 0;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** Milliseconds of silence left; 0: none. */
  left(): number {
    return Math.max(0, Math.ceil(this.#until - this.#timer.monotonic()));
  }

  /**
   * The SMSC asked for silence: how long it is from now, in milliseconds. Answers to what left before the last silence began
   * do not double it.
   */
  asked(): number {
    const left = this.left();
    if (left > 0) return left;
    const silence = this.#next;
    this.#until = this.#timer.monotonic() + silence;
    this.#next = Math.min(silence * 2, LONGEST_MS);
    return silence;
  }

  /** The SMSC took a message. */
  taken(): void {
    this.#next = FIRST_MS;
  }
}
