// What this process knows to be true about the store, whatever the disk says later: the head of every chain and, for each
// shard in use, the last version of each of its entities. docs/protocol/store.md section 6.
import { concatBytes, equalBytes, hmacSha256, utf8, type MacKey } from "@countersign/protocol";
import { decodeEntry, GENESIS, hashEntry } from "../audit/audit-entry.ts";
import { ChainHeads, macOfRoot, type ChainHead } from "../audit/chain-heads.ts";
import { nameOf } from "./change-set.ts";
import { SHARDS, type Shard } from "./entity.ts";
import { positionOf, type Statements } from "./sqlite-schema.ts";
import { IntegrityError } from "./store.ts";
import { decodeWitness, encodeWitness } from "./witness-bytes.ts";
import { placeOf, WitnessTable, type Place } from "./witness-table.ts";

/** The truth about one shard. */
export interface ShardTruth {
  readonly shard: Shard;
  head: ChainHead;
  readonly witness: WitnessTable;
  /** Up to which entry the stored witness reaches; 0: there is none. */
  savedSeq: number;
}

/** The epoch of a chain without entries. */
const FIRST_EPOCH = 1;

export class StoreTruth {
  readonly #macKey: MacKey;
  readonly #sql: Statements;
  readonly #secret: Uint8Array;
  readonly #keyCheck: Uint8Array;
  readonly #heads = new ChainHeads();
  readonly #shards: (ShardTruth | undefined)[] = Array.from({ length: SHARDS });
  #generation = 0;

  /** Reads the heads and checks them against the MACed root; throws IntegrityError. */
  constructor(macKey: MacKey, sql: Statements) {
    this.#macKey = macKey;
    this.#sql = sql;
    this.#secret = hmacSha256(macKey, utf8("countersign/witness-places/v1\0"));
    this.#keyCheck = hmacSha256(macKey, utf8("countersign/store-key-check/v1\0"));
    const root = sql.selectRoot.get();
    if (root === undefined) {
      if (sql.anyRow.get()?.["found"] !== 0)
        throw new IntegrityError("the store has rows but no root: it was edited from outside");
      return;
    }
    if (!equalBytes(root["key_check"] as Uint8Array, this.#keyCheck)) {
      throw new IntegrityError(
        "the store was written under another K_store: name the secrets folder that belongs to it",
      );
    }
    for (const row of sql.selectHeads.all()) {
      if (this.#heads.setNode(Number(row["node"]), row["heads"])) continue;
      throw new IntegrityError("a stored head of the audit chains has another form: run verify-audit");
    }
    this.#generation = Number(root["generation"]);
    if (!equalBytes(root["mac"] as Uint8Array, this.#rootMac())) {
      throw new IntegrityError("the audit chains' heads are not those of the last commit: run verify-audit");
    }
  }

  /** Where an entity is kept in its shard's witness. */
  placeOf(name: string): Place {
    return placeOf(this.#secret, name);
  }

  /** The shard's truth; on first use it is read from the chain, which is checked up to the head. Throws IntegrityError. */
  of(shard: Shard): ShardTruth {
    return (this.#shards[shard] ??= this.#read(shard));
  }

  /** Takes over a new head; `root()` and `node()` show it from then on. */
  setHead(truth: ShardTruth, head: ChainHead): void {
    truth.head = head;
    this.#heads.set(truth.shard, head);
  }

  node(node: number): Uint8Array {
    return this.#heads.node(node);
  }

  /** Parameters of putRoot for the group being committed. */
  nextRoot(): [generation: number, mac: Uint8Array, keyCheck: Uint8Array] {
    this.#generation += 1;
    return [this.#generation, this.#rootMac(), this.#keyCheck];
  }

  /** The group came to nothing. */
  undoRoot(generation: number): void {
    this.#generation = generation;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Shards read so far. */
  *known(): Generator<ShardTruth> {
    for (const truth of this.#shards) if (truth !== undefined) yield truth;
  }

  /** Stores a shard's witness as of its head. */
  saveWitness(truth: ShardTruth): void {
    const places = encodeWitness(truth.witness);
    const { seq, hash } = truth.head;
    this.#sql.putWitness.run(truth.shard, seq, places, this.#witnessMac(truth.shard, seq, hash, places));
    truth.savedSeq = seq;
  }

  #read(shard: Shard): ShardTruth {
    const head = this.#heads.get(shard);
    const epoch = head.seq === 0 ? FIRST_EPOCH : head.epoch;
    const saved = this.#readWitness(shard, head.seq);
    const witness = saved?.witness ?? new WitnessTable();
    const hash = this.#replay(shard, saved?.seq ?? 0, saved?.hash ?? GENESIS, head.seq, witness);
    if (!equalBytes(hash, head.hash)) throw broken(shard, head.seq, "its hash is not the one under the store's root");
    return { shard, head: { ...head, epoch }, witness, savedSeq: saved?.seq ?? 0 };
  }

  // Entries after `from` up to `to`, into the witness; returns the hash of the last.
  #replay(shard: Shard, from: number, hash: Uint8Array, to: number, witness: WitnessTable): Uint8Array {
    let seq = from;
    let previous = hash;
    for (const row of this.#sql.selectAudit.iterate(positionOf(shard, from + 1), positionOf(shard, to))) {
      seq += 1;
      if (row["position"] !== positionOf(shard, seq)) throw broken(shard, seq, "it is missing");
      const text = row["entry"] as string;
      previous = hashEntry(previous, text);
      if (!equalBytes(previous, row["hash"] as Uint8Array))
        throw broken(shard, seq, "its hash does not follow from its content");
      for (const [type, tenant, id, version] of decodeEntry(text).versions) {
        witness.set(this.placeOf(nameOf({ type, tenant, id })), Number(version));
      }
    }
    if (seq !== to) throw broken(shard, seq + 1, "it is missing");
    return previous;
  }

  // A stored witness only saves work: whatever is wrong with it, the chain is read from its beginning instead.
  #readWitness(shard: Shard, headSeq: number): { seq: number; hash: Uint8Array; witness: WitnessTable } | undefined {
    const row = this.#sql.selectWitness.get(shard);
    if (row === undefined) return undefined;
    const seq = Number(row["seq"]);
    const places = row["places"] as Uint8Array;
    const at = positionOf(shard, seq);
    const hash = this.#sql.selectAudit.get(at, at)?.["hash"];
    if (seq > headSeq || !(hash instanceof Uint8Array)) return undefined;
    if (!equalBytes(row["mac"] as Uint8Array, this.#witnessMac(shard, seq, hash, places))) return undefined;
    return { seq, hash, witness: decodeWitness(places) };
  }

  #rootMac(): Uint8Array {
    return macOfRoot(this.#macKey, this.#generation, this.#heads.root());
  }

  #witnessMac(shard: Shard, seq: number, hash: Uint8Array, places: Uint8Array): Uint8Array {
    const prefix = utf8(`countersign/witness/v1\0${shard}\0${seq}\0`);
    return hmacSha256(this.#macKey, concatBytes(prefix, hash, places));
  }
}

function broken(shard: Shard, seq: number, why: string): IntegrityError {
  return new IntegrityError(`audit chain of shard ${shard}, entry ${seq}: ${why}; run verify-audit`);
}
