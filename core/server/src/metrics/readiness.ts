import { tenantKey } from "../identity/entity-key.ts";
import { shardOfKey } from "../store/entity.ts";
import { IntegrityError, type Store } from "../store/store.ts";
import { LONGEST_WAIT_MS } from "../sweep.ts";

/** Why a core should get no calls now. */
export type Unready = "starting" | "draining" | "store" | "integrity" | "writes" | "sweeper";

/** What the store said to a probe. */
export type Probed = "answers" | "silent" | "integrity";

export interface ReadyFacts {
  readonly listening: boolean;
  readonly draining: boolean;
  readonly probed: Probed;
  /** The store took no change lately that it was given. */
  readonly writesFail: boolean;
  /** Milliseconds since the sweeper last had an answer from the store; undefined before the first. */
  readonly sinceSwept: number | undefined;
}

/** Passes come at least every LONGEST_WAIT_MS; a busy core may miss some. */
const SWEPT_WITHIN_MS = 5 * LONGEST_WAIT_MS;

/** All that is wrong, in this order; empty: ready. */
export function whyNotReady({ listening, draining, probed, writesFail, sinceSwept }: ReadyFacts): Unready[] {
  const why: Unready[] = [];
  if (!listening) why.push("starting");
  if (draining) why.push("draining");
  if (probed === "silent") why.push("store");
  if (probed === "integrity") why.push("integrity");
  if (writesFail) why.push("writes");
  if (sinceSwept === undefined || sinceSwept > SWEPT_WITHIN_MS) why.push("sweeper");
  return why;
}

const PROBE_WITHIN_MS = 1000;
/** Nobody's: what counts is that the store says so. Of shards that lie apart, where a store has more than one server. */
const NOBODIES = ["0", "1", "2", "3", "4", "5"].map((digit) => tenantKey(digit.repeat(32)));

/**
 * Asks the store for entities. It answers while one of them is answered: with one of three servers away, two thirds of
 * the users can still be served. However many ask, one round at a time is under way: a store that hangs is not pushed.
 */
export class StoreProbe {
  readonly #store: Pick<Store, "load">;
  readonly #withinMs: number;
  #asking: Promise<Probed> | undefined;

  constructor(store: Pick<Store, "load">, withinMs: number = PROBE_WITHIN_MS) {
    this.#store = store;
    this.#withinMs = withinMs;
  }

  /** "silent": it refused, or took too long. */
  async ask(): Promise<Probed> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Probed>((resolve) => {
      // What has arrived by then is read before: timers come first when a core goes on that stood still.
      timer = setTimeout(() => setImmediate(() => resolve("silent")), this.#withinMs);
    });
    try {
      return await Promise.race([(this.#asking ??= this.#askAll()), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #askAll(): Promise<Probed> {
    try {
      await Promise.any(NOBODIES.map(async (key) => this.#store.load(shardOfKey(key), key)));
      return "answers";
    } catch (error) {
      const all: unknown[] = error instanceof AggregateError ? error.errors : [];
      return all.some((one) => one instanceof IntegrityError) ? "integrity" : "silent";
    } finally {
      this.#asking = undefined;
    }
  }
}
