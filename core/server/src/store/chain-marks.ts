// Entries of chains that were found to lead to a head: from them on, an older entry is checked without the way from the head.
import type { ChainEnd } from "./chain-reader.ts";
import { SHARDS, type Shard } from "./entity.ts";

/** Entries between two marks of a chain that has few of them. */
export const MARK_EVERY = 64;

/** Of all chains together, about 300 bytes each. They are those of two million entries and more. */
const MOST_MARKS = 32_768;

interface Marked {
  /** Entries between two marks: MARK_EVERY, doubled whenever there was no room for all. */
  every: number;
  /** By the entry's number, in units of `every`. */
  marks: (ChainEnd | undefined)[];
  count: number;
}

/** In memory, so that nobody writes there from outside; what was believed once stays so, because a chain only grows. */
export class ChainMarks {
  readonly #most: number;
  readonly #shards: readonly Marked[] = Array.from({ length: SHARDS }, () => ({
    every: MARK_EVERY,
    marks: [],
    count: 0,
  }));
  #count = 0;

  /** However long the chains grow, so many are kept at most; where there are more, every second one of a chain goes. */
  constructor(most: number = MOST_MARKS) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  note(shard: Shard, end: ChainEnd): void {
    const marked = this.#shards[shard]!;
    if (end.seq % marked.every !== 0) return;
    const at = end.seq / marked.every;
    if (marked.marks[at] === undefined) {
      marked.count += 1;
      this.#count += 1;
    }
    marked.marks[at] = end;
    while (this.#count > this.#most) this.#thinOut();
  }

  /** The nearest believed entry at `seq` or behind it; the head if there is none. */
  behind(shard: Shard, seq: number, head: ChainEnd): ChainEnd {
    const { every, marks } = this.#shards[shard]!;
    for (let i = Math.ceil(seq / every); i < marks.length; i++) {
      const mark = marks[i];
      if (mark !== undefined) return mark.seq <= head.seq ? mark : head;
    }
    return head;
  }

  /** Where most are: what is old there becomes a little dearer to find. */
  #thinOut(): void {
    const marked = this.#shards.reduce((one, other) => (other.count > one.count ? other : one));
    const kept: (ChainEnd | undefined)[] = [];
    for (let i = 0; i < marked.marks.length; i += 2) kept[i / 2] = marked.marks[i];
    const count = kept.reduce((sum, mark) => (mark === undefined ? sum : sum + 1), 0);
    this.#count += count - marked.count;
    [marked.every, marked.marks, marked.count] = [marked.every * 2, kept, count];
  }
}
