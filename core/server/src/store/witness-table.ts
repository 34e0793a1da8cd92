// In memory: which version of each entity of a shard the audit chain names last, and in which row it lies.
// docs/protocol/store.md section 6.
import { hash } from "node:crypto";

/** A name's place: the first 64 bits of its keyed hash, in two halves. */
export interface Place {
  readonly high: number;
  readonly low: number;
}

/**
 * Keyed with a secret of the store (hexadecimal): ids are partly chosen by users, and whoever could make two of them share a
 * place could make one entity pass for stale. `name` is well-formed text.
 */
export function placeOf(secret: string, name: string): Place {
  const digest = hash("sha256", secret + name, "hex"); // text in, text out: a third of the time that bytes take
  return { high: Number.parseInt(digest.slice(0, 8), 16), low: Number.parseInt(digest.slice(8, 16), 16) };
}

const WORDS = 5; // high, low, version, row high, row low; version 0 marks an empty slot
const WORD = 2 ** 32;
const SMALLEST = 16;

/**
 * Maps places to versions (audit sequence numbers, 1 and up) and rows, at 20 bytes a slot, because a long-lived store has
 * millions of entities. Open addressing with linear probing; at most two thirds full.
 */
export class WitnessTable {
  #slots: Uint32Array;
  #mask: number;
  #size = 0;

  constructor(room: number = SMALLEST) {
    const capacity = capacityFor(room);
    this.#slots = new Uint32Array(capacity * WORDS);
    this.#mask = capacity - 1;
  }

  static of(entries: readonly (readonly [place: Place, version: number, row: number])[]): WitnessTable {
    const table = new WitnessTable(entries.length);
    for (const entry of entries) table.set(...entry);
    return table;
  }

  get size(): number {
    return this.#size;
  }

  /** The version last named, 0 when the entity does not exist. */
  get(place: Place): number {
    return this.#slots[this.#find(place) * WORDS + 2]!;
  }

  /** The row it lies in; 0 when it does not exist. */
  rowOf(place: Place): number {
    const at = this.#find(place) * WORDS;
    return this.#slots[at + 2] === 0 ? 0 : this.#rowAt(at);
  }

  /** Version 0 removes. */
  set(place: Place, version: number, row: number): void {
    const slot = this.#find(place);
    const at = slot * WORDS;
    const known = this.#slots[at + 2] !== 0;
    if (version === 0) {
      if (known) this.#remove(slot);
      return;
    }
    this.#slots[at] = place.high;
    this.#slots[at + 1] = place.low;
    this.#slots[at + 2] = version;
    this.#slots[at + 3] = Math.floor(row / WORD);
    this.#slots[at + 4] = row % WORD;
    if (known) return;
    this.#size += 1;
    if (this.#size * 3 > (this.#mask + 1) * 2) this.#grow();
  }

  /** Every place with its version and row, in no order. */
  *entries(): Generator<readonly [place: Place, version: number, row: number]> {
    for (let at = 0; at < this.#slots.length; at += WORDS) {
      const version = this.#slots[at + 2]!;
      if (version !== 0) yield [{ high: this.#slots[at]!, low: this.#slots[at + 1]! }, version, this.#rowAt(at)];
    }
  }

  #rowAt(at: number): number {
    return this.#slots[at + 3]! * WORD + this.#slots[at + 4]!;
  }

  // The slot that holds the place, or the empty one where it would go.
  #find({ high, low }: Place): number {
    let slot = low & this.#mask;
    for (;;) {
      const at = slot * WORDS;
      if (this.#slots[at + 2] === 0) return slot;
      if (this.#slots[at] === high && this.#slots[at + 1] === low) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  // Moves later members of the run back, so that no search stops early at the hole.
  #remove(slot: number): void {
    let hole = slot;
    for (let next = (hole + 1) & this.#mask; this.#slots[next * WORDS + 2] !== 0; next = (next + 1) & this.#mask) {
      const home = this.#slots[next * WORDS + 1]! & this.#mask;
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#slots.copyWithin(hole * WORDS, next * WORDS, next * WORDS + WORDS);
      hole = next;
    }
    this.#slots[hole * WORDS + 2] = 0;
    this.#size -= 1;
  }

  #grow(): void {
    const old = this.#slots;
    const capacity = (this.#mask + 1) * 2;
    this.#slots = new Uint32Array(capacity * WORDS);
    this.#mask = capacity - 1;
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + 2] === 0) continue;
      const slot = this.#find({ high: old[at]!, low: old[at + 1]! });
      this.#slots.set(old.subarray(at, at + WORDS), slot * WORDS);
    }
  }
}

function capacityFor(room: number): number {
  let capacity = SMALLEST;
  while (room * 3 > capacity * 2) capacity *= 2;
  return capacity;
}
