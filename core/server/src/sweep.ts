import type { CoreGiven } from "./given.ts";
import type { EntityType } from "./store/entity.ts";
import type { Found } from "./store/store.ts";

/** What happens to an entity whose time has come, by its type. It loads again: the hint may be old. */
export type DueHandlers = { readonly [T in EntityType]?: (found: Found<T>) => Promise<void> };

/** Also without anything due the store is asked so often: another core may have written. Failures wait as long. */
export const LONGEST_WAIT_MS = 1000;
/** What is due and stays due is not asked for ever. */
const SHORTEST_WAIT_MS = 20;
const BATCH = 128;

/** One timer for all that expires, lapses or waits, armed by the store's earliest due. */
export class Sweeper {
  readonly #given: Pick<CoreGiven, "store" | "log">;
  readonly #handlers: DueHandlers;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #sweptAt: number | undefined;

  constructor(given: Pick<CoreGiven, "store" | "log">, handlers: DueHandlers) {
    this.#given = given;
    this.#handlers = handlers;
  }

  start(): void {
    this.#arm(0);
  }

  /** Handles all that is due now. Passes never overlap. */
  sweep(): Promise<void> {
    this.#running = this.#running.then(() => this.#pass());
    return this.#running;
  }

  /** When the store was last asked and answered, by `performance.now()`; undefined before the first time. */
  get sweptAt(): number | undefined {
    return this.#sweptAt;
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #arm(wait: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.sweep(), wait);
  }

  async #pass(): Promise<void> {
    const { store, log } = this.#given;
    let wait = LONGEST_WAIT_MS;
    try {
      if (await this.#handleDue()) {
        const next = (await store.nextDue()) ?? Infinity;
        wait = Math.min(Math.max(next - store.now(), SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
      }
      this.#sweptAt = performance.now();
    } catch (error) {
      log.error({ error: error instanceof Error ? error : String(error) }, "the store could not be swept");
    }
    this.#arm(wait);
  }

  /** True if nothing failed. */
  async #handleDue(): Promise<boolean> {
    const { store } = this.#given;
    const found = await store.due(store.now(), BATCH);
    const outcomes = await Promise.all(found.map((one) => this.#handle(one)));
    return outcomes.every(Boolean);
  }

  async #handle(found: Found): Promise<boolean> {
    const handler = this.#handlers[found.key.type] as ((one: Found) => Promise<void>) | undefined;
    try {
      await handler?.(found);
      return true;
    } catch (error) {
      const subject = `${found.key.type}:${found.key.id}`;
      this.#given.log.error(
        { subject, error: error instanceof Error ? error : String(error) },
        "what is due could not be handled; it is tried again",
      );
      return false;
    }
  }
}
