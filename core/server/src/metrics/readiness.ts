import { tenantKey } from "../identity/entity-key.ts";
import { shardOfKey } from "../store/entity.ts";
import type { Store } from "../store/store.ts";
import { LONGEST_WAIT_MS } from "../sweep.ts";

/** Why a core should get no calls now. */
export type Unready = "starting" | "draining" | "store" | "sweeper";

export interface ReadyFacts {
  readonly listening: boolean;
  readonly draining: boolean;
  /** Whether the store answered a load in time. */
  readonly storeAnswers: boolean;
  /** Milliseconds since the sweeper last had an answer from the store; undefined before the first. */
  readonly sinceSwept: number | undefined;
}

/** Passes come at least every LONGEST_WAIT_MS; a busy core may miss some. */
const SWEPT_WITHIN_MS = 5 * LONGEST_WAIT_MS;

/** All that is wrong, in this order; empty: ready. */
export function whyNotReady({ listening, draining, storeAnswers, sinceSwept }: ReadyFacts): Unready[] {
  const why: Unready[] = [];
  if (!listening) why.push("starting");
  if (draining) why.push("draining");
  if (!storeAnswers) why.push("store");
  if (sinceSwept === undefined || sinceSwept > SWEPT_WITHIN_MS) why.push("sweeper");
  return why;
}

const PROBE_WITHIN_MS = 1000;
/** Nobody's: what counts is that the store says so. */
const NOBODY = tenantKey("0".repeat(32));

/** Asks the store for an entity. However many ask, one load at a time is under way: a store that hangs is not pushed. */
export class StoreProbe {
  readonly #store: Pick<Store, "load">;
  readonly #withinMs: number;
  #asking: Promise<boolean> | undefined;

  constructor(store: Pick<Store, "load">, withinMs: number = PROBE_WITHIN_MS) {
    this.#store = store;
    this.#withinMs = withinMs;
  }

  /** False: it refused, or took too long. */
  async answers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#withinMs);
    });
    try {
      return await Promise.race([(this.#asking ??= this.#ask()), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(): Promise<boolean> {
    try {
      await this.#store.load(shardOfKey(NOBODY), NOBODY);
      return true;
    } catch {
      return false;
    } finally {
      this.#asking = undefined;
    }
  }
}
