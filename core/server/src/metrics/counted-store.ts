import type { EntityKey, EntityType, Shard, UnixMs } from "../store/entity.ts";
import {
  StoreFullError,
  StoreStoppedError,
  type AuditDraft,
  type AuditEntry,
  type ChangeSet,
  type CommitOutcome,
  type Found,
  type Loaded,
  type Page,
  type Store,
} from "../store/store.ts";
import { happeningsOf, type Happening } from "./happening.ts";
import type { Commit } from "./label-sets.ts";

/** Who counts. May neither throw nor take long. */
export interface CommitCounter {
  happened(happening: Happening): void;
  committed(outcome: Commit, seconds: number): void;
}

/** Commits whose fate nobody asked for are forgotten beyond so many. */
const MOST_UNKNOWN = 1024;

/**
 * The same store; what it commits is counted by its audit. The caller gets the store's own promise, so that counting
 * comes between nobody and his answer.
 */
export class CountedStore implements Store {
  readonly #store: Store;
  readonly #counter: CommitCounter;
  readonly #unknown = new Map<string, readonly AuditDraft[]>();

  constructor(store: Store, counter: CommitCounter) {
    this.#store = store;
    this.#counter = counter;
  }

  commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    const began = performance.now();
    const committing = this.#store.commit(shard, change);
    void this.#watchCommit(change, committing, began);
    return committing;
  }

  outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    const asking = this.#store.outcome(shard, changeId);
    const audit = this.#unknown.get(changeId);
    if (audit !== undefined) void this.#watchOutcome(changeId, audit, asking);
    return asking;
  }

  async #watchCommit(change: ChangeSet, committing: Promise<CommitOutcome>, began: number): Promise<void> {
    let outcome: Commit;
    try {
      // One turn, as its caller's, and asked before his: what is unknown is remembered before he can ask for it.
      outcome = await committing;
    } catch (error) {
      outcome = failureOf(error);
    }
    this.#counter.committed(outcome, (performance.now() - began) / 1000);
    if (outcome === "committed") this.#count(change.audit);
    if (outcome === "unknown") this.#remember(change);
  }

  async #watchOutcome(changeId: string, audit: readonly AuditDraft[], asking: Promise<string>): Promise<void> {
    try {
      const outcome = await asking;
      if (this.#unknown.delete(changeId) && outcome === "committed") this.#count(audit);
    } catch {
      // Whoever asked hears of it, and may ask again.
    }
  }

  #count(audit: readonly AuditDraft[]): void {
    for (const happening of happeningsOf(audit)) this.#counter.happened(happening);
  }

  #remember({ changeId, audit }: ChangeSet): void {
    this.#unknown.set(changeId, audit);
    if (this.#unknown.size <= MOST_UNKNOWN) return;
    const [oldest = ""] = this.#unknown.keys();
    this.#unknown.delete(oldest);
  }

  load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    return this.#store.load(shard, ...keys);
  }

  list<T extends EntityType>(shard: Shard, type: T, owner: string, page: Page): Promise<EntityKey<T>[]> {
    return this.#store.list(shard, type, owner, page);
  }

  due(until: UnixMs, limit: number): Promise<Found[]> {
    return this.#store.due(until, limit);
  }

  nextDue(): Promise<UnixMs | undefined> {
    return this.#store.nextDue();
  }

  lane(lane: string, limit: number): Promise<Found[]> {
    return this.#store.lane(lane, limit);
  }

  subscribe(listener: Parameters<Store["subscribe"]>[0]): () => void {
    return this.#store.subscribe(listener);
  }

  audit(shard: Shard, fromSeq: number, limit: number): Promise<AuditEntry[]> {
    return this.#store.audit(shard, fromSeq, limit);
  }

  now(): UnixMs {
    return this.#store.now();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function failureOf(error: unknown): Commit {
  if (error instanceof StoreFullError) return "full";
  return error instanceof StoreStoppedError ? "stopped" : "refused";
}
