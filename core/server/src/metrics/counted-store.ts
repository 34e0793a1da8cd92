import type { EntityKey, Shard } from "../store/entity.ts";
import { StoreAround } from "../store/store-around.ts";
import {
  IntegrityError,
  StoreFullError,
  StoreStoppedError,
  type ChangeSet,
  type CommitOutcome,
  type Loaded,
  type Store,
} from "../store/store.ts";
import { happeningsOf, type Happening } from "./happening.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Commit, LoadOutcome, Settled } from "./label-sets.ts";

/** Who counts. May neither throw nor take long. */
export interface CommitCounter {
  happened(happening: Happening): void;
  committed(outcome: Commit, seconds: number): void;
  /** What became of a commit whose fate was unknown. */
  settled(outcome: Settled): void;
  loaded(outcome: LoadOutcome, seconds: number): void;
  /** A message was handed to a bot for the first time, so long after it was wanted. */
  handedFirst(channel: string, seconds: number): void;
  /** Something that is stored is not what the core wrote. */
  integrity(): void;
}

/** Commits whose fate nobody asked for are forgotten beyond so many. */
const MOST_UNKNOWN = 1024;

/**
 * The same store; what it commits is counted by its audit. The caller gets the store's own promise, so that counting
 * comes between nobody and his answer.
 */
export class CountedStore extends StoreAround {
  readonly #counter: CommitCounter;
  readonly #unknown = new Map<string, ChangeSet>();

  constructor(store: Store, counter: CommitCounter) {
    super(store);
    this.#counter = counter;
  }

  override commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    const began = performance.now();
    const committing = super.commit(shard, change);
    void this.#watchCommit(change, committing, began);
    return committing;
  }

  override outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    const asking = super.outcome(shard, changeId);
    const change = this.#unknown.get(changeId);
    if (change !== undefined) void this.#watchOutcome(change, asking);
    return asking;
  }

  async #watchCommit(change: ChangeSet, committing: Promise<CommitOutcome>, began: number): Promise<void> {
    let outcome: Commit;
    try {
      // One turn, as its caller's, and asked before his: what is unknown is remembered before he can ask for it.
      outcome = await committing;
    } catch (error) {
      outcome = failureOf(error);
      this.#noteIntegrity(error);
    }
    this.#counter.committed(outcome, secondsSince(began));
    if (outcome === "committed") this.#count(change);
    if (outcome === "unknown") this.#remember(change);
  }

  async #watchOutcome(change: ChangeSet, asking: Promise<"committed" | "absent">): Promise<void> {
    try {
      const outcome = await asking;
      if (!this.#unknown.delete(change.changeId)) return;
      this.#counter.settled(outcome);
      if (outcome === "committed") this.#count(change);
    } catch {
      // Whoever asked hears of it, and may ask again.
      this.#counter.settled("failed");
    }
  }

  #count({ audit, writes }: ChangeSet): void {
    for (const happening of happeningsOf(audit)) this.#counter.happened(happening);
    for (const { key, body } of writes) if (key.type === "delivery") this.#countHandOut(body as Delivery | undefined);
  }

  #countHandOut(delivery: Delivery | undefined): void {
    if (delivery?.state !== "SENDING" || delivery.hands !== 1) return;
    this.#counter.handedFirst(delivery.platform, Math.max(0, delivery.updatedAt - delivery.createdAt) / 1000);
  }

  #noteIntegrity(error: unknown): void {
    if (error instanceof IntegrityError) this.#counter.integrity();
  }

  #remember(change: ChangeSet): void {
    this.#unknown.set(change.changeId, change);
    if (this.#unknown.size <= MOST_UNKNOWN) return;
    const [oldest = ""] = this.#unknown.keys();
    this.#unknown.delete(oldest);
  }

  override load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    const began = performance.now();
    const loading = super.load(shard, ...keys);
    loading.then(
      () => this.#counter.loaded("loaded", secondsSince(began)),
      (error: unknown) => {
        this.#counter.loaded("failed", secondsSince(began));
        this.#noteIntegrity(error);
      },
    );
    return loading;
  }
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}

function failureOf(error: unknown): Commit {
  if (error instanceof StoreFullError) return "full";
  return error instanceof StoreStoppedError ? "stopped" : "refused";
}
