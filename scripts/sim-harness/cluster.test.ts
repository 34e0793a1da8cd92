// The simulated store is a store: the contract suite of the port, its operations let go on in the order they came.
import { testStoreContract } from "../../core/server/src/store/store-contract.ts";
import type { Store } from "../../core/server/src/store/store.ts";
import { Cluster } from "./cluster.ts";
import { StorePort } from "./port.ts";
import { PLAIN, Scheduler } from "./scheduler.ts";

testStoreContract("the simulated store", async (clock) => simulated(clock));

function simulated(clock: { now(): Date }): Store {
  const cluster = new Cluster(clock.now().getTime());
  // Its clock is the test's.
  Object.defineProperty(cluster, "now", { get: () => clock.now().getTime() });
  const scheduler = new Scheduler();
  const add = scheduler.add.bind(scheduler);
  scheduler.add = (owner, name, go) => {
    add(owner, name, go);
    queueMicrotask(() => void scheduler.take(0, PLAIN));
  };
  const faults = { slow: 0, unknownDid: 0, unknownNot: 0, full: 0 };
  return new StorePort({ cluster, scheduler, owner: "core", faults, skewMs: 0, tell: () => {} });
}
