import type { CoreGiven } from "../given.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { StoreUnavailableError } from "../store/store.ts";
import { happen } from "../transaction/happen.ts";

/** So many are issued at a time, beside the calls that the core has to answer. */
const AT_A_TIME = 8;
/** A store that has just failed over often has too few replicas for a while. */
const AGAIN_MS = 1000;

/**
 * Codes that are out when a shard's epoch ends count no more: the core that began the next one sends new ones, outside the
 * resend limit. Two cores, or the same twice, send one: an issue of the epoch that is there stays. Where this core ends
 * before it is done, the first statement or resend for the transaction does the same.
 */
export class OpenCodes {
  readonly #given: CoreGiven;
  readonly #open = new Set<HexId>();
  #running: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #stopped = new AbortController();

  constructor(given: CoreGiven) {
    this.#given = given;
  }

  start(): void {
    this.#unsubscribe = this.#given.store.subscribe((shard, keys, epochBegan) => {
      if (epochBegan !== true) return;
      const open = keys.filter(({ type }) => type === "transaction");
      for (const { id } of open) this.#open.add(id);
      this.#given.log.info({ shard, transactions: open.length }, "a new epoch began: open codes are issued anew");
      if (this.#open.size > 0) this.#running ??= this.#issueAll();
    });
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#stopped.abort();
    await this.#running;
  }

  async #issueAll(): Promise<void> {
    while (this.#open.size > 0 && !this.#stopped.signal.aborted) {
      const next = firstOf(this.#open);
      const settled = await Promise.all(next.map((txId) => this.#tryIssue(txId)));
      if (!settled.every(Boolean)) await this.#pause();
    }
    this.#running = undefined; // with the last look at what is open: what comes now starts it again
  }

  /** False: it has to be tried again, after all others. */
  async #tryIssue(txId: HexId): Promise<boolean> {
    this.#open.delete(txId);
    try {
      const { epoch } = await this.#given.store.load(shardOfTransaction(txId));
      // Whatever refuses it is over, or has a code of this epoch.
      await happen(this.#given, txId, { type: "reissued", epoch }, "core");
      return true;
    } catch (error) {
      if (error instanceof StoreUnavailableError) {
        this.#open.add(txId);
        return false;
      }
      const subject = `transaction:${txId}`;
      this.#given.log.error(
        { subject, error: error instanceof Error ? error : String(error) },
        "no new code was issued",
      );
      return true;
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, AGAIN_MS);
      signal.addEventListener("abort", over);
      if (signal.aborted) over();
    });
  }
}

function firstOf(all: ReadonlySet<HexId>): readonly HexId[] {
  const first: HexId[] = [];
  for (const one of all) {
    if (first.push(one) === AT_A_TIME) break;
  }
  return first;
}
