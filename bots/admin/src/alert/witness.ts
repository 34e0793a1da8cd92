// Which events were told already, and whether the history that is told is still the one that was told before.
import type { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";

/** The last event that was taken of each shard. */
type Last = readonly [seq: number, index: number];

/** All it knows, for a file. */
export interface WitnessState {
  readonly last: Readonly<Record<string, Last>>;
  /** Hashes of the newest entries, oldest first: `shard.seq`, hexadecimal. */
  readonly hashes: readonly (readonly [place: string, hash: string])[];
}

export const NOTHING_WITNESSED: WitnessState = { last: {}, hashes: [] };

/** What an event is to somebody who has heard others. */
export type Testimony =
  /** Not heard before. */
  | "new"
  /** The same once more, as a resumed stream tells it. */
  | "again"
  /** At a place at which something else was told: the chain was altered. */
  | "altered"
  /** A failover began anew before what was told already: the last entries are lost. */
  | "set-back";

const HASHES_KEPT = 4096;

/**
 * Hears each event once, though a stream that is resumed tells some again. It keeps hashes outside of the installation: who
 * rewrites the store's chains cannot rewrite what was told to this bot.
 */
export class Witness {
  readonly #last: Map<string, Last>;
  readonly #hashes: Map<string, string>;

  constructor({ last, hashes }: WitnessState = NOTHING_WITNESSED) {
    this.#last = new Map(Object.entries(last));
    this.#hashes = new Map(hashes);
  }

  get state(): WitnessState {
    return { last: Object.fromEntries(this.#last), hashes: [...this.#hashes] };
  }

  /** How many entries' hashes are kept. */
  get kept(): number {
    return this.#hashes.size;
  }

  hear({ shard, seq: place, index, event, entryHash }: AuditEvent): Testimony {
    const [chain, seq, hash] = [String(shard), Number(place), entryHash.toString("hex")];
    const known = this.#hashes.get(`${chain}.${seq}`);
    const [lastSeq, lastIndex] = this.#last.get(chain) ?? [0, -1];
    if (event === "shard.epoch-began" && seq <= lastSeq && known !== hash) {
      this.#setBack(chain, seq);
      this.#keep(chain, seq, index, hash);
      return "set-back";
    }
    if (known !== undefined && known !== hash) {
      // Told once: what follows in the chain is another one too.
      this.#setBack(chain, seq);
      this.#keep(chain, seq, index, hash);
      return "altered";
    }
    if (seq < lastSeq || (seq === lastSeq && index <= lastIndex)) return "again";
    this.#keep(chain, seq, index, hash);
    return "new";
  }

  #keep(chain: string, seq: number, index: number, hash: string): void {
    this.#last.set(chain, [seq, index]);
    const place = `${chain}.${seq}`;
    this.#hashes.delete(place);
    this.#hashes.set(place, hash);
    const oldest = this.#hashes.size > HASHES_KEPT ? this.#hashes.keys().next().value : undefined;
    if (oldest !== undefined) this.#hashes.delete(oldest);
  }

  #setBack(chain: string, from: number): void {
    for (const place of this.#hashes.keys()) {
      const [shard, seq] = place.split(".");
      if (shard === chain && Number(seq) >= from) this.#hashes.delete(place);
    }
  }
}
