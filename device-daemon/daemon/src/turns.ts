/** Lets go of a turn; called once. */
type Release = () => void;

/**
 * One turn at a time, in the order of asking. Who gives up leaves nothing behind, so that a caller who asks and gives up
 * for as long as somebody else has the turn costs no memory.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /** How many wait, besides the one that has the turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Somebody has the turn. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Resolves when it is the caller's turn. Rejects with the signal's reason, and then it is not. */
  async take(signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#isTaken) await this.#wait(signal);
    this.#isTaken = true;
    return () => this.#next();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(begin), 1);
      reject(signal.reason as Error);
    };
    const begin = (): void => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    this.#waiting.push(begin);
    signal.addEventListener("abort", leave, { once: true });
    await promise;
  }

  // The turn stays taken while it goes from one to the next, so that nobody slips in between.
  #next(): void {
    const begin = this.#waiting.shift();
    if (begin === undefined) this.#isTaken = false;
    else begin();
  }
}
