// What this process knows to be true about the store, whatever the disk says later: the head of every chain and, for each
// shard in use, the last version of each of its entities. docs/protocol/store.md section 6.
import { concatBytes, equalBytes, hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import { decodeEntry } from "../audit/audit-entry.ts";
import { ChainHeads, HEADS_PER_NODE, macOfRoot, type ChainHead } from "../audit/chain-heads.ts";
import { nameOf } from "./change-set.ts";
import { SHARDS, type Shard } from "./entity.ts";
import { readChain, type ChainLink } from "./chain-reader.ts";
import { rowOfWrite, type Statements } from "./sqlite-schema.ts";
import { IntegrityError } from "./store.ts";
import { ShardWitness } from "./shard-witness.ts";
import { SqlitePageShelf } from "./sqlite-page-shelf.ts";
import { WitnessDirectory, type Witnessed } from "./witness-page.ts";
import { placeOf, WitnessTable, type Place } from "./witness-table.ts";

/** A head with the number of its entry in the audit table. */
export interface StoredHead extends ChainHead {
  readonly number: number;
}

/** The truth about one shard. */
export interface ShardTruth {
  readonly shard: Shard;
  head: StoredHead;
  readonly witness: ShardWitness;
  /** Up to which entry the stored witness reaches; 0: there is none. */
  savedSeq: number;
}

interface SavedWitness {
  readonly seq: number;
  readonly directory: WitnessDirectory;
  /** Entries after it. */
  readonly links: readonly ChainLink[];
}

/** The epoch of a chain without entries. */
const FIRST_EPOCH = 1;

export class StoreTruth {
  readonly #macKey: MacKey;
  readonly #sql: Statements;
  readonly #secret: string;
  readonly #keyCheck: Uint8Array;
  readonly #shelf: SqlitePageShelf;
  readonly #heads = new ChainHeads();
  /** Of every shard's last entry. Not authentic, nor need they be: the entry found there must have the head's hash. */
  readonly #numbers = new BigUint64Array(SHARDS);
  readonly #shards: (ShardTruth | undefined)[] = Array.from({ length: SHARDS });
  #generation = 0;
  #number: number;

  /** Reads the heads and checks them against the MACed root; throws IntegrityError. */
  constructor(macKey: MacKey, sql: Statements) {
    this.#macKey = macKey;
    this.#sql = sql;
    this.#shelf = new SqlitePageShelf(sql);
    this.#secret = toHex(hmacSha256(macKey, utf8("countersign/witness-places/v1\0")));
    this.#keyCheck = hmacSha256(macKey, utf8("countersign/store-key-check/v1\0"));
    this.#number = Number(sql.lastNumber.get()?.["number"]);
    this.#readRoot();
  }

  #readRoot(): void {
    const root = this.#sql.selectRoot.get();
    if (root === undefined) {
      if (this.#sql.anyRow.get()?.["found"] === 0) return;
      throw new IntegrityError("the store has rows but no root: it was edited from outside");
    }
    if (!equalBytes(root["key_check"] as Uint8Array, this.#keyCheck)) {
      throw new IntegrityError(
        "the store was written under another K_store: name the secrets folder that belongs to it",
      );
    }
    for (const row of this.#sql.selectHeads.all()) this.#takeNode(Number(row["node"]), row["heads"], row["numbers"]);
    this.#generation = Number(root["generation"]);
    if (!equalBytes(root["mac"] as Uint8Array, this.#rootMac())) {
      throw new IntegrityError("the audit chains' heads are not those of the last commit: run verify-audit");
    }
  }

  #takeNode(node: number, heads: unknown, numbers: unknown): void {
    const wellFormed = numbers instanceof Uint8Array && numbers.length === HEADS_PER_NODE * 8;
    if (!wellFormed || !this.#heads.setNode(node, heads)) {
      throw new IntegrityError("a stored head of the audit chains has another form: run verify-audit");
    }
    new Uint8Array(this.#numbers.buffer).set(numbers, node * HEADS_PER_NODE * 8);
  }

  /** Where an entity is kept in its shard's witness. */
  placeOf(name: string): Place {
    return placeOf(this.#secret, name);
  }

  /** The shard's truth; on first use it is read from the chain, which is checked up to the head. Throws IntegrityError. */
  of(shard: Shard): ShardTruth {
    return (this.#shards[shard] ??= this.#read(shard));
  }

  /** Takes over a new head; `nextRoot()` and `node()` show it from then on. */
  setHead(truth: ShardTruth, head: StoredHead): void {
    truth.head = head;
    this.#heads.set(truth.shard, head);
    this.#numbers[truth.shard] = BigInt(head.number);
  }

  /** Parameters of putHead: the node's heads, and the numbers of their entries. */
  node(node: number): [heads: Uint8Array, numbers: Uint8Array] {
    return [
      this.#heads.node(node),
      new Uint8Array(this.#numbers.buffer, node * HEADS_PER_NODE * 8, HEADS_PER_NODE * 8),
    ];
  }

  /** Parameters of putRoot for the group being committed. */
  nextRoot(): [generation: number, mac: Uint8Array, keyCheck: Uint8Array] {
    this.#generation += 1;
    return [this.#generation, this.#rootMac(), this.#keyCheck];
  }

  /** Number of the next commit. */
  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  /** The group came to nothing: what it counted up is counted back. */
  undoTo(generation: number, number: number): void {
    this.#generation = generation;
    this.#number = number;
  }

  get generation(): number {
    return this.#generation;
  }

  get number(): number {
    return this.#number;
  }

  /** Shards read so far. */
  *known(): Generator<ShardTruth> {
    for (const truth of this.#shards) if (truth !== undefined) yield truth;
  }

  /** Stores a shard's witness as of its head; not where it was altered: what it cannot know is refused when it is asked. */
  saveWitness(truth: ShardTruth): void {
    const directory = truth.witness.shelve();
    if (directory === undefined) return;
    const { seq, hash } = truth.head;
    this.#sql.putWitness.run(truth.shard, seq, directory, this.#witnessMac(truth.shard, seq, hash, directory));
    truth.savedSeq = seq;
  }

  #read(shard: Shard): ShardTruth {
    const known = this.#heads.get(shard);
    const epoch = known.seq === 0 ? FIRST_EPOCH : known.epoch;
    const head: StoredHead = { ...known, epoch, number: Number(this.#numbers[shard]) };
    const saved = this.#openWitness(shard, head);
    const fromChain = (): WitnessTable => this.#tableOf(readChain(this.#sql, shard, truth.head, 0).links);
    const truth: { head: StoredHead } = { head };
    const witness = new ShardWitness(this.#shelf.of(shard), fromChain, saved?.directory);
    this.#replay(saved?.links ?? [], (place) => witness.find(place), witness);
    return Object.assign(truth, { shard, witness, savedSeq: saved?.seq ?? 0 });
  }

  #tableOf(links: readonly ChainLink[]): WitnessTable {
    const table = new WitnessTable();
    this.#replay(links, (place) => ({ version: table.get(place), row: table.rowOf(place) }), table);
    return table;
  }

  #replay(links: readonly ChainLink[], find: (place: Place) => Witnessed, witness: Pick<WitnessTable, "set">): void {
    for (const { number, text } of links) {
      decodeEntry(text).versions.forEach(([type, tenant, id, version], i) => {
        const place = this.placeOf(nameOf({ type, tenant, id }));
        const known = find(place);
        witness.set(place, Number(version), known.version === 0 ? rowOfWrite(number, i) : known.row);
      });
    }
  }

  // A stored witness only saves work: whatever is wrong with it, the chain is read from its beginning instead.
  #openWitness(shard: Shard, head: StoredHead): SavedWitness | undefined {
    const row = this.#sql.selectWitness.get(shard);
    if (row === undefined || Number(row["seq"]) > head.seq) return undefined;
    const seq = Number(row["seq"]);
    const directory = row["directory"] as Uint8Array;
    const { previous, links } = readChain(this.#sql, shard, head, seq);
    if (!equalBytes(row["mac"] as Uint8Array, this.#witnessMac(shard, seq, previous, directory))) return undefined;
    return { seq, directory: new WitnessDirectory(directory), links };
  }

  #rootMac(): Uint8Array {
    return macOfRoot(this.#macKey, this.#generation, this.#heads.root());
  }

  #witnessMac(shard: Shard, seq: number, hash: Uint8Array, directory: Uint8Array): Uint8Array {
    const prefix = utf8(`countersign/witness/v2\0${shard}\0${seq}\0`);
    return hmacSha256(this.#macKey, concatBytes(prefix, hash, directory));
  }
}
