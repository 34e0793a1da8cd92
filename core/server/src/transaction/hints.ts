import type { EntityKey, EntityType, Shard } from "../store/entity.ts";
import type { Store } from "../store/store.ts";

/** Ids of entities of some types that a commit touched, for who waits for them. Hints alone: load before acting. */
export class Hints {
  readonly #unsubscribe: () => void;
  #ids = new Set<string>();
  #wake: (() => void) | undefined;
  #nudged = false;

  /** `wants`: ids that matter. Subscribe first, then read what is there: nothing falls in between. */
  constructor(
    store: Store,
    types: EntityType | readonly EntityType[],
    wants: (id: string, shard: Shard) => boolean = () => true,
  ) {
    const wanted = [types].flat();
    this.#unsubscribe = store.subscribe((shard, keys: readonly EntityKey[]) => {
      for (const key of keys) {
        if (wanted.includes(key.type) && wants(key.id, shard)) this.#ids.add(key.id);
      }
      if (this.#ids.size > 0) this.#wake?.();
    });
  }

  /** Lets `next` return, with no ids if there are none: for who also looks by himself. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  /** The ids since the last call, at least one unless it was nudged; undefined once the signal is aborted. */
  async next(signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    while (this.#ids.size === 0 && !this.#nudged && !signal.aborted) await this.#sleep(signal);
    if (signal.aborted) return undefined;
    const ids = this.#ids;
    this.#ids = new Set();
    this.#nudged = false;
    return ids;
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const over = (): void => resolve();
    signal.addEventListener("abort", over, { once: true });
    await promise;
    signal.removeEventListener("abort", over); // it may live as long as the stream, and this is one sleep of many
    this.#wake = undefined;
  }

  close(): void {
    this.#unsubscribe();
  }
}
