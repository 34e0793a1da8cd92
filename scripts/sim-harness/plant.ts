import type { UnixMs } from "../../core/server/src/store/entity.ts";
import type { Store } from "../../core/server/src/store/store.ts";
import type { Cluster, ClusterRules } from "./cluster.ts";
import type { Calls } from "./calls.ts";

/**
 * A bug put in on purpose, to see whether it is found: the rules of the store, a core's end of it, or a call are
 * replaced by something that is nearly right.
 */
export interface Plant {
  readonly name: string;
  /** Where several people confirm. */
  readonly together?: true;
  readonly rules?: Partial<ClusterRules>;
  readonly store?: (real: Store, cluster: Cluster) => Store;
  readonly calls?: (real: Calls) => Partial<Calls>;
  /** Until when a holder of a bot's lease thinks that it holds it. */
  readonly heldUntil?: (until: UnixMs) => UnixMs;
}
