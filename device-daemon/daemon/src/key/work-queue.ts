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
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #running = false;

  /**
   * Runs `work` when its turn comes. Rejects with QueueFullError at once, or with the signal's reason when it is aborted
   * before its turn; `work` is not begun then.
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if ((this.#running || this.#waiting > 0) && this.#waiting >= QUEUE_LENGTH) throw new QueueFullError();
    const before = this.#last;
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    this.#last = done;
    this.#waiting++;
    try {
      await turn(before, signal);
    } catch (cause) {
      this.#waiting--;
      void before.then(finish);
      throw cause;
    }
    this.#waiting--;
    this.#running = true;
    try {
      return await work();
    } finally {
      this.#running = false;
      finish();
    }
  }
}

async function turn(before: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([before, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
