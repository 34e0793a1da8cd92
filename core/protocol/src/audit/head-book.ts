// Signed heads from wherever they were kept, held against each other. docs/protocol/audit.md section 8.
import { equalBytes } from "../bytes.ts";
import type { AuditFault } from "./audit-fault.ts";
import type { OpenedHead } from "./audit-head.ts";

/** A head and what a person calls it. */
export interface NamedHead {
  readonly name: string;
  readonly head: OpenedHead;
}

/** What a head says of one entry. */
export interface Mark {
  readonly hash: Uint8Array;
  readonly name: string;
}

/** All heads that somebody holds. */
export class HeadBook {
  readonly #heads: NamedHead[] = [];
  readonly #marks = new Map<number, Map<number, Mark>>();

  /** The same head may be there many times. */
  add(named: NamedHead): void {
    if (this.#heads.some(({ head }) => equalBytes(head.hash, named.head.hash))) return;
    this.#heads.push(named);
    for (const [shard, { seq, hash }] of named.head.heads) {
      const marks = this.#marks.get(shard) ?? new Map<number, Mark>();
      this.#marks.set(shard, marks);
      if (!marks.has(seq)) marks.set(seq, { hash, name: named.name });
    }
  }

  get size(): number {
    return this.#heads.length;
  }

  /** What a head says of this entry, if one ends with it. */
  markAt(shard: number, seq: number): Mark | undefined {
    return this.#marks.get(shard)?.get(seq);
  }

  /** Every pair of neighbours that cannot both be true. History grows: who agrees with his neighbours agrees with all. */
  forks(): AuditFault[] {
    const numbered = this.#heads.filter(({ head }) => head.number > 0);
    const faults: AuditFault[] = [];
    const sorted = numbered.toSorted((one, other) => one.head.number - other.head.number);
    for (const [i, later] of sorted.entries()) {
      const earlier = sorted[i - 1];
      if (earlier !== undefined) faults.push(...forkOf(earlier, later));
    }
    return faults.length > 0 ? faults : this.#markForks();
  }

  /** Heads without a number have no order: two that end with one entry must have one hash for it. */
  #markForks(): AuditFault[] {
    for (const { head, name } of this.#heads) {
      for (const [shard, { seq, hash }] of head.heads) {
        const mark = this.markAt(shard, seq);
        if (mark === undefined || equalBytes(mark.hash, hash)) continue;
        return [{ type: "fork", shard, seq, why: `${mark.name} and ${name} have different entries here` }];
      }
    }
    return [];
  }
}

function forkOf(earlier: NamedHead, later: NamedHead): AuditFault[] {
  const [one, other] = [earlier.head, later.head];
  const both = `${earlier.name} and ${later.name}`;
  for (const [shard, { seq, hash }] of one.heads) {
    const next = other.heads.get(shard);
    if (next?.seq === seq && equalBytes(next.hash, hash)) continue;
    if (next?.seq === seq) return [fork(shard, seq, `${both} have different entries here`)];
    // Of one number, either may be the one that is further.
    if (one.number === other.number) continue;
    if (next === undefined || next.seq < seq)
      return [fork(shard, seq, `${earlier.name} has it, ${later.name} does not`)];
  }
  if (one.number === other.number) return [fork(undefined, undefined, `${both} are two heads of number ${one.number}`)];
  if (other.number === one.number + 1 && !equalBytes(other.previous, one.hash)) {
    return [
      fork(undefined, undefined, `${later.name} does not follow ${earlier.name}, although it is the next number`),
    ];
  }
  return [];
}

function fork(shard: number | undefined, seq: number | undefined, why: string): AuditFault {
  return { type: "fork", shard, seq, why };
}
