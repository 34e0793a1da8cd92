/** Ids kept after an update is dealt with; Telegram repeats one for a day at most, and the core knows older events. */
const DONE_KEPT = 4_096;

/** Sees to it that one update, however often and in whatever order it comes, is dealt with once. */
export class SeenUpdates {
  readonly #open = new Map<number, Promise<void>>();
  readonly #done = new Set<number>();

  /** Resolves when the update is dealt with, by this call or an earlier one. `handle` must not reject. */
  async once(id: number, handle: () => Promise<void>): Promise<void> {
    if (this.#done.has(id)) return;
    const open = this.#open.get(id) ?? this.#start(id, handle);
    await open;
  }

  async #start(id: number, handle: () => Promise<void>): Promise<void> {
    const handling = handle();
    this.#open.set(id, handling);
    await handling;
    this.#open.delete(id);
    this.#done.add(id);
    const oldest = this.#done.size > DONE_KEPT ? this.#done.values().next().value : undefined;
    if (oldest !== undefined) this.#done.delete(oldest);
  }
}
