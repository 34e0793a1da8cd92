/** One lane a chat: what is done in one lane is done in order, lanes do not wait for each other. */
export class Lanes {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` after everything put into this lane before. `work` must not reject. */
  put(lane: string, work: () => Promise<void>): void {
    const before = this.#tails.get(lane) ?? Promise.resolve();
    const tail = before.then(work).finally(() => {
      if (this.#tails.get(lane) === tail) this.#tails.delete(lane);
    });
    this.#tails.set(lane, tail);
  }

  /** Resolves when every lane is empty. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}
