import type { ChainHead } from "./chain-heads.ts";
import type { Place } from "./export-line.ts";

/** A chain's part in an export: entries `first` to `last`. */
interface Run {
  readonly shard: number;
  readonly first: number;
  readonly last: number;
}

/** Which entries an export has, in order: those behind its base up to its head, shard by shard. Both are signed. */
export class ExpectedPlaces {
  readonly #runs: readonly Run[];
  readonly #byShard: ReadonlyMap<number, number>;

  constructor(base: ReadonlyMap<number, ChainHead>, heads: ReadonlyMap<number, ChainHead>) {
    this.#runs = [...heads]
      .map(([shard, { seq }]) => ({ shard, first: (base.get(shard)?.seq ?? 0) + 1, last: seq }))
      .filter(({ first, last }) => first <= last)
      .toSorted((one, other) => one.shard - other.shard);
    this.#byShard = new Map(this.#runs.map(({ shard }, i) => [shard, i]));
  }

  get count(): number {
    return this.#runs.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** undefined: nothing is expected. */
  first(): Place | undefined {
    return startOf(this.#runs[0]);
  }

  /** What follows a place that is expected. */
  after({ shard, seq }: Place): Place | undefined {
    const index = this.#byShard.get(shard);
    const run = index === undefined ? undefined : this.#runs[index];
    if (index === undefined || run === undefined) return undefined;
    return seq < run.last ? { shard, seq: seq + 1 } : startOf(this.#runs[index + 1]);
  }

  has({ shard, seq }: Place): boolean {
    const run = this.#runs[this.#byShard.get(shard) ?? -1];
    return run !== undefined && run.first <= seq && seq <= run.last;
  }

  /** What lies between two places of which `from` is expected: `from` is part of it, `to` is not; undefined: to the end. */
  between(from: Place, to: Place | undefined): Run[] {
    const begin = this.#byShard.get(from.shard) ?? 0;
    const runs = this.#runs.slice(begin).filter(({ shard }) => to === undefined || shard <= to.shard);
    return runs
      .map(({ shard, first, last }) => ({
        shard,
        first: shard === from.shard ? from.seq : first,
        last: shard === to?.shard ? to.seq - 1 : last,
      }))
      .filter(({ first, last }) => first <= last);
  }
}

function startOf(run: Run | undefined): Place | undefined {
  return run === undefined ? undefined : { shard: run.shard, seq: run.first };
}

export function isSame(one: Place | undefined, other: Place | undefined): boolean {
  return one?.shard === other?.shard && one?.seq === other?.seq;
}

export function isBefore(one: Place, other: Place): boolean {
  return one.shard < other.shard || (one.shard === other.shard && one.seq < other.seq);
}
