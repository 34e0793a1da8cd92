// Which shards have something due, or waiting in a lane. Redis keeps that shard by shard, because a script works on one; so
// each core remembers where to look, is told by hints of other cores, and looks everywhere now and then.
import { performance } from "node:perf_hooks";
import { SHARDS, type Shard } from "../entity.ts";

/** A hint may be lost without notice; what it said is found after this time at the latest. */
export const LOOK_EVERYWHERE_MS = 15_000;

const ALL: readonly Shard[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Shards to look at. Those that were empty need no look until something is written there. */
export class Where {
  #shards = new Set<Shard>(ALL);
  #lookedEverywhere = performance.now();

  /** Something was written there, perhaps. */
  add(shard: Shard): void {
    this.#shards.add(shard);
  }

  /** Hints were lost. */
  addAll(): void {
    this.#shards = new Set(ALL);
    this.#lookedEverywhere = performance.now();
  }

  /** Takes the shards to look at now; whoever finds something adds the shard again. */
  take(): readonly Shard[] {
    if (performance.now() - this.#lookedEverywhere > LOOK_EVERYWHERE_MS) this.addAll();
    const taken = [...this.#shards];
    this.#shards.clear();
    return taken;
  }
}
