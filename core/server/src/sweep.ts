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
/**
 * Where other cores sweep the same store, each takes up what is due at a moment of its own within this time, and mostly
 * finds it done by then. No core is in charge of anything, so none that dies or stands still is waited for, and whoever
 * comes second meets a version that moved. docs/operations.md, "Several cores".
 */
const SPREAD_MS = 250;
/** So many are looked at then: most of them are another core's. */
const SHARED_BATCH = 1024;

/** What a sweeper works with; `soleCore` false: others sweep the same store. */
export type SweeperGiven = Pick<CoreGiven, "store" | "log" | "soleCore">;

/** One timer for all that expires, lapses or waits, armed by the store's earliest due. */
export class Sweeper {
  readonly #given: SweeperGiven;
  readonly #handlers: DueHandlers;
  /** A number from 0 to 1, drawn anew for each thing. */
  readonly #draw: () => number;
  /** When it is this core's turn to handle what it has seen due, by `performance.now()`. */
  #turns: ReadonlyMap<string, number> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #sweptAt: number | undefined;

  constructor(given: SweeperGiven, handlers: DueHandlers, draw: () => number = Math.random) {
    this.#given = given;
    this.#handlers = handlers;
    this.#draw = draw;
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
        const left = next - store.now();
        // What is due and has its turn to come need not be asked for before.
        const isAwaited = left <= 0 && this.#turns.size > 0;
        const turn = Math.min(...this.#turns.values()) - performance.now();
        wait = Math.min(Math.max(Math.min(isAwaited ? Infinity : left, turn), SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
      }
      this.#sweptAt = performance.now();
    } catch (error) {
      log.error({ error: error instanceof Error ? error : String(error) }, "the store could not be swept");
    }
    this.#arm(wait);
  }

  /** True if nothing failed. */
  async #handleDue(): Promise<boolean> {
    const { store, soleCore } = this.#given;
    const isShared = soleCore === false;
    const due = await store.due(store.now(), isShared ? SHARED_BATCH : BATCH);
    const found = isShared ? this.#ownTurns(due) : due;
    const outcomes = await Promise.all(found.map((one) => this.#handle(one)));
    return outcomes.every(Boolean);
  }

  /** Those whose turn has come; the others have one of theirs before them, or are done by another core meanwhile. */
  #ownTurns(due: readonly Found[]): readonly Found[] {
    const now = performance.now();
    const before = this.#turns;
    const turns = new Map(due.map((one) => [nameOf(one), before.get(nameOf(one)) ?? now + this.#draw() * SPREAD_MS]));
    const own = due.filter((one) => (turns.get(nameOf(one)) ?? 0) <= now);
    for (const one of own) turns.delete(nameOf(one));
    this.#turns = turns;
    return own;
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

function nameOf({ shard, key: { type, tenant, id } }: Found): string {
  return [shard, type, tenant, id].join("\0");
}
