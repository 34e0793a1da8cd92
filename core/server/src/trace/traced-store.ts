import type { EntityKey, Shard } from "../store/entity.ts";
import { StoreAround } from "../store/store-around.ts";
import type { ChangeSet, CommitOutcome, Loaded, Store } from "../store/store.ts";
import { DeliverySpans } from "./delivery-spans.ts";
import type { Tracing } from "./tracing.ts";

/** The same store; a load, a commit and the question for its outcome are each a span. */
export class TracedStore extends StoreAround {
  readonly #tracing: Tracing;
  readonly #deliveries: DeliverySpans;

  constructor(store: Store, tracing: Tracing) {
    super(store);
    this.#tracing = tracing;
    this.#deliveries = new DeliverySpans(tracing);
  }

  override load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    const facts = { "countersign.entities": keys.length };
    return this.#tracing.within("store.load", facts, () => super.load(shard, ...keys), nothing);
  }

  override commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    const facts = { "countersign.writes": change.writes.length };
    return this.#tracing.within(
      "store.commit",
      facts,
      () => super.commit(shard, change),
      (outcome) => {
        if (outcome === "committed") this.#deliveries.committed(change);
        return outcomeFacts(outcome);
      },
    );
  }

  override outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    return this.#tracing.within("store.outcome", {}, () => super.outcome(shard, changeId), outcomeFacts);
  }
}

function nothing(): Record<string, never> {
  return {};
}

function outcomeFacts(outcome: string): { readonly "countersign.outcome": string } {
  return { "countersign.outcome": outcome };
}
