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
  #last: Promise<void> = Promise.resolve();
  #inside = 0;

  /** `afterEach` runs after each work that began, before the next one's turn; nobody waits for it. It must not reject. */
  constructor(afterEach: () => Promise<void> = async () => undefined) {
    this.#afterEach = afterEach;
  }

  /**
   * Runs `work` when its turn comes. Rejects with QueueFullError at once, or with the signal's reason when it is aborted
   * before its turn; `work` is not begun then.
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#inside > QUEUE_LENGTH) throw new QueueFullError();
    this.#inside++;
    const before = this.#last;
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    this.#last = done;
    let begun = false;
    try {
      await turn(before, signal);
      begun = true;
      return await work();
    } finally {
      this.#inside--;
      // Who gives up before his turn lets the next one wait for those before him.
      void (begun ? this.#afterEach() : before).then(finish);
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
