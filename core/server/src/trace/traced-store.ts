import type { EntityKey, EntityType, Shard, UnixMs } from "../store/entity.ts";
import type { AuditEntry, ChangeSet, CommitOutcome, Found, Loaded, Page, Store } from "../store/store.ts";
import { DeliverySpans } from "./delivery-spans.ts";
import type { Tracing } from "./tracing.ts";

/** The same store; a load, a commit and the question for its outcome are each a span. */
export class TracedStore implements Store {
  readonly #store: Store;
  readonly #tracing: Tracing;
  readonly #deliveries: DeliverySpans;

  constructor(store: Store, tracing: Tracing) {
    this.#store = store;
    this.#tracing = tracing;
    this.#deliveries = new DeliverySpans(tracing);
  }

  load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    const facts = { "countersign.entities": keys.length };
    return this.#tracing.within("store.load", facts, () => this.#store.load(shard, ...keys), nothing);
  }

  commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    const facts = { "countersign.writes": change.writes.length };
    return this.#tracing.within(
      "store.commit",
      facts,
      () => this.#store.commit(shard, change),
      (outcome) => {
        if (outcome === "committed") this.#deliveries.committed(change);
        return outcomeFacts(outcome);
      },
    );
  }

  outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    return this.#tracing.within("store.outcome", {}, () => this.#store.outcome(shard, changeId), outcomeFacts);
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

function nothing(): Record<string, never> {
  return {};
}

function outcomeFacts(outcome: string): { readonly "countersign.outcome": string } {
  return { "countersign.outcome": outcome };
}
