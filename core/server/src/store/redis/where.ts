// Which shards have something due, or waiting in a lane. Redis keeps that shard by shard, because a script works on one; so
// each core remembers where to look, is told by hints of other cores, and looks everywhere now and then.
import { performance } from "node:perf_hooks";
import { SHARDS, type Shard } from "../entity.ts";

/** A hint may be lost without notice; what it said is found after this time at the latest. */
export const LOOK_EVERYWHERE_MS = 15_000;

const ALL: readonly Shard[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** A shard to look at, and up to which write there the look counts. */
export interface Look {
  readonly shard: Shard;
  readonly written: number;
}

/** Shards to look at. Those that were empty need no look until something is written there. */
export class Where {
  /** The last write in each, as far as it is known. */
  readonly #shards = new Map<Shard, number>(ALL.map((shard) => [shard, 0]));
  #written = 0;
  #lookedEverywhere = performance.now();

  /** Something was written there, perhaps. */
  add(shard: Shard): void {
    this.#shards.set(shard, ++this.#written);
  }

  /** Hints were lost. */
  addAll(): void {
    for (const shard of ALL) this.add(shard);
    this.#lookedEverywhere = performance.now();
  }

  /** Where to look now: also where somebody else is just looking, whose answer is still on its way. */
  toLook(): readonly Look[] {
    if (performance.now() - this.#lookedEverywhere > LOOK_EVERYWHERE_MS) this.addAll();
    return [...this.#shards].map(([shard, written]) => ({ shard, written }));
  }

  /** All that there was at that look is known: the next one is for what is written afterwards. */
  done({ shard, written }: Look): void {
    if (this.#shards.get(shard) === written) this.#shards.delete(shard);
  }
}
