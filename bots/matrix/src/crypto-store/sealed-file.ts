import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { exclusiveOr, requireKey, Seal, u64 } from "./seal.ts";
import { StoreError } from "./store-error.ts";
import { refuseSharedFile } from "./store-folder.ts";

// head: id 1 | store id 16 | check 32 | generation | sealed( rows u64be | sum of shares 32 )   bound to store id, generation
// item: row id 16 | generation         | sealed( name length u32be | name | value )            bound to store id, row id, generation
const SCHEMA = `
  PRAGMA user_version = 1;
  CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), store BLOB NOT NULL, checked BLOB NOT NULL, generation INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
  CREATE TABLE item (id BLOB PRIMARY KEY, generation INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** The least that SQLite calls a page. */
const PAGE = 512;

/** A change of the file: all of it is durable, or nothing. */
export interface SealedChange {
  readonly put: ReadonlyMap<string, Uint8Array>;
  readonly remove: Iterable<string>;
}

interface Known {
  readonly id: Uint8Array;
  readonly share: Uint8Array;
}

/**
 * Named values in one SQLite file, every one sealed. A row that was changed, swapped, removed or put back from an older
 * copy is found when the file is opened. A whole older copy of the file is not: nothing on this machine remembers it.
 */
export class SealedFile {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #seal: Seal;
  readonly #storeId: Uint8Array;
  readonly #known = new Map<string, Known>();
  readonly #sum = new Uint8Array(32);
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #advance: StatementSync;
  #generation: bigint;

  private constructor(path: string, db: DatabaseSync, seal: Seal, head: { store: Uint8Array; generation: bigint }) {
    this.#path = path;
    this.#db = db;
    this.#seal = seal;
    this.#storeId = head.store;
    this.#generation = head.generation;
    this.#put = db.prepare("INSERT OR REPLACE INTO item (id, generation, sealed) VALUES (?, ?, ?)");
    this.#remove = db.prepare("DELETE FROM item WHERE id = ?");
    this.#advance = db.prepare("UPDATE head SET generation = ?, sealed = ? WHERE id = 1");
  }

  /**
   * Opens the file, or makes it when there is none; resolves with its values. Throws StoreError when the file is there
   * but cannot be read as a whole with this key; RangeError when the key has not 32 bytes.
   */
  static open(path: string, key: Uint8Array): { file: SealedFile; values: Map<string, Uint8Array> } {
    requireKey(key);
    if (!existsSync(path)) create(path, key);
    refuseSharedFile(path);
    // SQLite would take it for a new database.
    if (statSync(path).size < PAGE) throw damaged(path, "it is cut short");
    let db: DatabaseSync | undefined;
    try {
      db = connect(path);
      const head = db.prepare("SELECT store, checked, generation, sealed FROM head").get();
      if (head === undefined) throw damaged(path, "it has no head");
      const store = bytes(head["store"]);
      const seal = new Seal(key, store);
      if (!seal.isOwn(bytes(head["checked"]))) {
        throw new StoreError("wrong-key", `${path} was sealed with another key: give the one in --store-key-file`);
      }
      const file = new SealedFile(path, db, seal, { store, generation: count(head["generation"]) });
      return { file, values: file.#load(bytes(head["sealed"])) };
    } catch (error) {
      if (db?.isOpen === true) db.close();
      if (error instanceof StoreError) throw error;
      throw describe(path, error);
    }
  }

  /** Grows with every change. */
  get generation(): bigint {
    return this.#generation;
  }

  /** Durable when it returns. Throws StoreError ("unwritable") when it is not; then nothing of it is. */
  write(change: SealedChange): void {
    const generation = this.#generation + 1n;
    const next = new Map<string, Known | undefined>();
    const sum = this.#sum.slice();
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      for (const [name, value] of change.put) next.set(name, this.#putRow(name, value, generation));
      for (const name of change.remove) {
        const known = this.#known.get(name);
        if (known === undefined) continue;
        this.#remove.run(known.id);
        next.set(name, undefined);
      }
      let rows = this.#known.size;
      for (const [name, row] of next) {
        const before = this.#known.get(name);
        if (before !== undefined) exclusiveOr(sum, before.share);
        if (row !== undefined) exclusiveOr(sum, row.share);
        rows += (row === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
      }
      this.#advance.run(generation, sealHead(this.#seal, this.#storeId, generation, { rows, sum }));
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw new StoreError("unwritable", `${this.#path} cannot be written (${sqliteReason(error)}): is the disk full?`);
    }
    this.#generation = generation;
    this.#sum.set(sum);
    for (const [name, row] of next) {
      if (row === undefined) this.#known.delete(name);
      else this.#known.set(name, row);
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #putRow(name: string, value: Uint8Array, generation: bigint): Known {
    const id = this.#seal.rowId(name);
    const sealed = this.#seal.seal(withName(name, value), rowData(this.#storeId, id, generation));
    this.#put.run(id, generation, sealed);
    return { id, share: this.#seal.share(id, generation, sealed) };
  }

  #load(sealedHead: Uint8Array): Map<string, Uint8Array> {
    const head = this.#seal.open(sealedHead, headData(this.#storeId, this.#generation));
    if (head === undefined) throw damaged(this.#path, "its head was altered");
    const values = new Map<string, Uint8Array>();
    for (const row of this.#db.prepare("SELECT id, generation, sealed FROM item").iterate()) {
      const [id, generation, sealed] = [bytes(row["id"]), count(row["generation"]), bytes(row["sealed"])];
      const plain = this.#seal.open(sealed, rowData(this.#storeId, id, generation));
      if (plain === undefined) throw damaged(this.#path, "a row was altered");
      const share = this.#seal.share(id, generation, sealed);
      const { name, value } = splitName(plain);
      this.#known.set(name, { id, share });
      exclusiveOr(this.#sum, share);
      values.set(name, value);
    }
    const told = headBody({ rows: values.size, sum: this.#sum });
    if (Buffer.compare(told, head) !== 0) throw damaged(this.#path, "rows are missing or come from an older copy");
    return values;
  }
}

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 0 });
  // One connection, so no shared memory beside the file. The log is emptied into the file when it is closed.
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  const { synchronous } = db.prepare("PRAGMA synchronous").get() ?? {};
  if (synchronous !== 2) throw damaged(path, `SQLite stays at synchronous ${String(synchronous)} instead of 2 (FULL)`);
  return db;
}

// Made under another name: a file of this name is always a whole store, and an empty one is a damaged one.
function create(path: string, key: Uint8Array): void {
  const storeId = new Uint8Array(randomBytes(16));
  const seal = new Seal(key, storeId);
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  closeSync(openSync(draft, "wx", 0o600));
  const db = new DatabaseSync(draft);
  try {
    db.exec(SCHEMA);
    const sealed = sealHead(seal, storeId, 0n, { rows: 0, sum: new Uint8Array(32) });
    db.prepare("INSERT INTO head VALUES (1, ?, ?, 0, ?)").run(storeId, seal.check, sealed);
  } finally {
    db.close();
  }
  renameSync(draft, path);
  syncFolder(dirname(path));
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

interface Sum {
  readonly rows: number;
  readonly sum: Uint8Array;
}

function sealHead(seal: Seal, storeId: Uint8Array, generation: bigint, sum: Sum): Uint8Array {
  return seal.seal(headBody(sum), headData(storeId, generation));
}

function headBody({ rows, sum }: Sum): Uint8Array {
  return Buffer.concat([u64(BigInt(rows)), sum]);
}

function headData(storeId: Uint8Array, generation: bigint): Uint8Array {
  return Buffer.concat([Buffer.from("countersign/matrix-store/head\0"), storeId, u64(generation)]);
}

function rowData(storeId: Uint8Array, rowId: Uint8Array, generation: bigint): Uint8Array {
  return Buffer.concat([Buffer.from("countersign/matrix-store/row\0"), storeId, rowId, u64(generation)]);
}

function withName(name: string, value: Uint8Array): Uint8Array {
  const encoded = Buffer.from(name);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(encoded.length);
  return Buffer.concat([length, encoded, value]);
}

function splitName(plain: Uint8Array): { name: string; value: Uint8Array } {
  const end = 4 + new DataView(plain.buffer, plain.byteOffset).getUint32(0);
  return { name: Buffer.from(plain.subarray(4, end)).toString(), value: plain.slice(end) };
}

function bytes(column: unknown): Uint8Array {
  if (!(column instanceof Uint8Array)) throw new TypeError("a column holds no bytes");
  return column;
}

// A changed byte makes another type of a value, whatever the table says.
function count(column: unknown): bigint {
  if (!Number.isSafeInteger(column)) throw new TypeError("a generation is no whole number");
  return BigInt(column as number);
}

function damaged(path: string, what: string): StoreError {
  return new StoreError(
    "damaged",
    `${path} is damaged (${what}). The bot does not start with half a store. Move the whole folder away and start it again with --recovery-key-file: it becomes a new device of the same account`,
  );
}

function describe(path: string, error: unknown): StoreError {
  if (sqliteReason(error).includes("locked")) {
    return new StoreError("in-use", `another process uses ${path}: stop it first`);
  }
  return damaged(path, sqliteReason(error));
}

function sqliteReason(error: unknown): string {
  const { message } = error as { message?: unknown };
  return typeof message === "string" ? message : "no reason given";
}
