// Entries of chains that were found to lead to a head: from them on, an older entry is checked without the way from the head.
import type { ChainEnd } from "./chain-reader.ts";
import { SHARDS, type Shard } from "./entity.ts";

/** Entries between two marks: a mark costs about 150 bytes, and saves reading what comes after it. */
export const MARK_EVERY = 64;

/** In memory, so that nobody writes there from outside; what was believed once stays so, because a chain only grows. */
export class ChainMarks {
  readonly #marks: (ChainEnd | undefined)[][] = Array.from({ length: SHARDS }, () => []);

  note(shard: Shard, end: ChainEnd): void {
    if (end.seq % MARK_EVERY === 0) this.#marks[shard]![end.seq / MARK_EVERY] = end;
  }

  /** The nearest believed entry at `seq` or behind it; the head if there is none. */
  behind(shard: Shard, seq: number, head: ChainEnd): ChainEnd {
    const marks = this.#marks[shard]!;
    for (let i = Math.ceil(seq / MARK_EVERY); i < marks.length; i++) {
      const mark = marks[i];
      if (mark !== undefined) return mark.seq <= head.seq ? mark : head;
    }
    return head;
  }
}
