import type { EntityKey, EntityType, Shard, UnixMs } from "./entity.ts";
import type { AuditEntry, ChangeSet, CommitOutcome, Found, Loaded, Page, Store } from "./store.ts";

/** The same store. Whoever watches it overrides what he watches. */
export abstract class StoreAround implements Store {
  protected readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    return this.store.load(shard, ...keys);
  }

  commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    return this.store.commit(shard, change);
  }

  outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    return this.store.outcome(shard, changeId);
  }

  list<T extends EntityType>(shard: Shard, type: T, owner: string, page: Page): Promise<EntityKey<T>[]> {
    return this.store.list(shard, type, owner, page);
  }

  due(until: UnixMs, limit: number): Promise<Found[]> {
    return this.store.due(until, limit);
  }

  nextDue(): Promise<UnixMs | undefined> {
    return this.store.nextDue();
  }

  lane(lane: string, limit: number): Promise<Found[]> {
    return this.store.lane(lane, limit);
  }

  audit(shard: Shard, fromSeq: number, limit: number): Promise<AuditEntry[]> {
    return this.store.audit(shard, fromSeq, limit);
  }

  subscribe(listener: Parameters<Store["subscribe"]>[0]): () => void {
    return this.store.subscribe(listener);
  }

  now(): UnixMs {
    return this.store.now();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
