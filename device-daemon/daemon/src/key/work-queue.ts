import { Turns } from "../turns.ts";

/** Requests that may wait for one key, besides the one that runs. */
export const QUEUE_LENGTH = 8;

/** The queue of a key is full. */
export class QueueFullError extends Error {
  constructor() {
    super(`${QUEUE_LENGTH} requests already wait for this key; try again when some have ended`);
    this.name = "QueueFullError";
  }
}

/** One request at a time, in the order of asking, at most 8 waiting. */
export class WorkQueue {
  readonly #afterEach: () => Promise<void>;
  readonly #turns = new Turns();

  /** `afterEach` runs after each work that began, before the next one's turn; nobody waits for it. It must not reject. */
  constructor(afterEach: () => Promise<void> = async () => undefined) {
    this.#afterEach = afterEach;
  }

  /**
   * Runs `work` when its turn comes. Rejects with QueueFullError at once, or with the signal's reason when it is aborted
   * before its turn; `work` is not begun then.
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#turns.waiting >= QUEUE_LENGTH) throw new QueueFullError();
    const release = await this.#turns.take(signal);
    if (signal.aborted) {
      release();
      throw signal.reason as Error;
    }
    try {
      return await work();
    } finally {
      void this.#afterEach().then(release);
    }
  }
}
