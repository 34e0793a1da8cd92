// How far a shard's chain is held by as many servers as were asked for. docs/protocol/store.md section 8.

/** An entry of a chain in one history of the server. */
export interface Position {
  /** The master_replid that was live. */
  readonly live: string;
  readonly seq: number;
}

/**
 * Within one history a chain only grows and replicas take it in order, so whoever holds an entry holds all before it. After a
 * failover nothing counts any more: the new master was one of those that were counted, and its own replicas may have less.
 */
export class HeldChain {
  #live = "";
  #seq = 0;

  /** They have it up to there. */
  note({ live, seq }: Position): void {
    if (live === this.#live && seq <= this.#seq) return;
    this.#live = live;
    this.#seq = seq;
  }

  /** A chain without entries is the beginning of every other: nothing takes it back. */
  covers({ live, seq }: Position): boolean {
    return seq === 0 || (live === this.#live && seq <= this.#seq);
  }
}
