// What this core knows to be true of one shard, whatever Redis answers later. docs/protocol/store.md section 8.
import { equalBytes, toHex, type MacKey } from "@countersign/protocol";
import { decodeEntry, hashEntry } from "../../audit/audit-entry.ts";
import { nameOf } from "../change-set.ts";
import { brokenChain } from "../chain-reader.ts";
import type { EntityKey, Shard } from "../entity.ts";
import { IntegrityError } from "../store.ts";
import { WitnessTable, type Place } from "../witness-table.ts";
import { decodeHead, NO_HEAD, type ShardHead } from "./shard-head.ts";
import type { Stamp } from "./stored-row.ts";
import type { WitnessAt } from "./stored-witness.ts";

/** What every script answers of a shard. */
export interface Sight {
  readonly live: string;
  readonly head: string;
  /** Entries after `from`, as far as one answer holds them; none if the head is the one that was known. */
  readonly missed: readonly string[];
  /** What was known when it was asked. */
  readonly from: Known;
}

/** Taken before a question; tells an answer that was overtaken from one that went back. */
export interface Known {
  readonly live: string;
  readonly head: ShardHead;
}

/** "current": the answer's head is the truth. "more": there are further entries. "overtaken": the truth is ahead of it. */
export type Absorbed = "current" | "more" | "overtaken" | "reset";

/** In place of a head's text: as far as a stored witness goes. */
const FROM_WITNESS = "witness";
const HASH_CHARS = 64;

interface Given {
  readonly macKey: MacKey;
  readonly shard: Shard;
  readonly placeOf: (name: string) => Place;
  /** Told of each entry that another core wrote. */
  readonly onEntry: (seq: number, keys: readonly EntityKey[]) => void;
  /** A failover or a restart forgot entries that this core had seen. */
  readonly onLost: (seen: number, left: number) => void;
}

export class ShardTruth {
  readonly #given: Given;
  #head: ShardHead = NO_HEAD;
  #live = "";
  #witness = new WitnessTable();
  /** Up to which entry the stored witness reaches. */
  savedSeq = 0;

  constructor(given: Given) {
    this.#given = given;
  }

  get known(): Known {
    return { live: this.#live, head: this.#head };
  }

  get head(): ShardHead {
    return this.#head;
  }

  get live(): string {
    return this.#live;
  }

  get witness(): WitnessTable {
    return this.#witness;
  }

  /** The server's history is not the one under which the epoch began: its next commit begins another. */
  get epochIsOver(): boolean {
    return this.#head.seq > 0 && this.#live !== this.#head.replid;
  }

  /** Where an entity stands by the chain; seq 0: it does not exist. */
  stampOf(place: Place): Stamp {
    return { seq: this.#witness.get(place), epoch: this.#witness.rowOf(place) };
  }

  /** Starts from a stored witness that was authenticated. */
  startAt({ seq, epoch, hash, witness }: WitnessAt): void {
    this.#head = { epoch, seq, hash, replid: "", text: FROM_WITNESS };
    this.#witness = witness;
    this.savedSeq = seq;
  }

  /** Forgets all: the chain is read from its beginning. */
  reset(live: string): void {
    this.#head = NO_HEAD;
    this.#live = live;
    this.#witness = new WitnessTable();
    this.savedSeq = 0;
  }

  /** This core's own entry was written: what it wrote where, deletions by seq 0. */
  advance(head: ShardHead, written: readonly (readonly [place: Place, seq: number])[]): void {
    if (head.seq !== this.#head.seq + 1) return; // a read was faster and brought it already
    this.#head = head;
    for (const [place, seq] of written) this.#witness.set(place, seq, head.epoch);
  }

  /**
   * Takes over what an answer shows. Within one history of the server a chain only grows: anything else is an
   * IntegrityError. When the server's history is another one (restart, failover) it may have lost its last entries.
   */
  absorb({ live, head: text, missed, from }: Sight): Absorbed {
    if (this.#live !== from.live) return "overtaken";
    if (text === this.#head.text) {
      this.#live = live;
      return "current";
    }
    const { shard, macKey } = this.#given;
    const head = decodeHead(macKey, shard, text);
    const mayGoBack = (this.#live !== "" && live !== this.#live) || this.#head.text === FROM_WITNESS;
    if (head.seq < from.head.seq) {
      if (mayGoBack) return this.#startOver(live, head);
      throw brokenChain(shard, head.seq, `it is the last one now, but this core has seen entry ${from.head.seq}`);
    }
    if (head.seq < this.#head.seq) return "overtaken";
    if (missed.length === 0 && head.seq > from.head.seq) throw brokenChain(shard, from.head.seq + 1, "it is missing");
    return this.#follow(live, head, missed.slice(this.#head.seq - from.head.seq), mayGoBack);
  }

  #startOver(live: string, head: ShardHead): "reset" {
    this.#given.onLost(this.#head.seq, head.seq);
    this.reset(live);
    return "reset";
  }

  // `missed` begins after the head of the truth.
  #follow(live: string, head: ShardHead, missed: readonly string[], mayGoBack: boolean): Absorbed {
    const { shard } = this.#given;
    const links: { readonly text: string; readonly hash: Uint8Array }[] = [];
    let { hash, seq } = this.#head;
    let fits = true;
    for (const line of missed.slice(0, head.seq - seq)) {
      const text = line.slice(HASH_CHARS + 1);
      hash = hashEntry(hash, text);
      seq += 1;
      if (toHex(hash) !== line.slice(0, HASH_CHARS)) fits = false;
      links.push({ text, hash });
    }
    if (seq === head.seq && !equalBytes(hash, head.hash)) fits = false;
    if (!fits && mayGoBack) return this.#startOver(live, head);
    if (!fits) throw brokenChain(shard, seq, "the hashes up to it do not follow from their entries");
    for (const link of links) this.#take(link.text, link.hash);
    this.#live = live;
    if (seq < head.seq) return "more";
    this.#head = head;
    return "current";
  }

  #take(entry: string, hash: Uint8Array): void {
    const { shard } = this.#given;
    const { epoch, seq, versions } = decodeEntry(entry);
    if (seq !== this.#head.seq + 1)
      throw new IntegrityError(`audit chain of shard ${shard}: entry ${seq} is out of order`);
    this.#head = { epoch, seq, hash, replid: this.#head.replid, text: `at ${seq}` };
    for (const [type, tenant, id, version] of versions) {
      this.#witness.set(this.#given.placeOf(nameOf({ type, tenant, id })), Number(version), epoch);
    }
    this.#given.onEntry(
      seq,
      versions.map(([type, tenant, id]) => ({ type, tenant, id })),
    );
  }
}
