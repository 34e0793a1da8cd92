/**
 * The parts of IndexedDB that the store uses. Importing this module puts IndexedDB into `globalThis` (an implementation
 * in memory), so it is imported before the SDK. Types are our own: the DOM's would open every browser global to the bot.
 */
// oxlint-disable-next-line import/no-unassigned-import -- it is there for its effect on globalThis
import "fake-indexeddb/auto";

/** Keys the standard allows. */
export type DbKey = string | number | Date | ArrayBuffer | ArrayBufferView | readonly DbKey[];

export interface DbRequest<T> {
  readonly result: T;
  readonly error: Error | null;
  addEventListener(type: "success" | "error" | "blocked" | "upgradeneeded", listener: () => void): void;
}

export interface DbIndex {
  readonly name: string;
  readonly keyPath: string | string[];
  readonly unique: boolean;
  readonly multiEntry: boolean;
}

export interface DbStore {
  readonly name: string;
  readonly keyPath: string | string[] | null;
  readonly autoIncrement: boolean;
  readonly indexNames: Iterable<string>;
  readonly transaction: DbTransaction;
  index(name: string): DbIndex;
  createIndex(name: string, keyPath: string | string[], options: { unique: boolean; multiEntry: boolean }): DbIndex;
  deleteIndex(name: string): void;
  get(key: DbKey): DbRequest<unknown>;
  getAll(): DbRequest<unknown[]>;
  getAllKeys(): DbRequest<DbKey[]>;
  add(value: unknown, key?: DbKey): DbRequest<DbKey>;
  put(value: unknown, key?: DbKey): DbRequest<DbKey>;
  delete(key: unknown): DbRequest<undefined>;
  clear(): DbRequest<undefined>;
}

export interface DbCursor {
  readonly source: DbStore | { readonly objectStore: DbStore };
  readonly primaryKey: DbKey;
  update(value: unknown): DbRequest<DbKey>;
  delete(): DbRequest<undefined>;
}

export interface DbTransaction {
  readonly mode: "readonly" | "readwrite" | "versionchange";
  readonly db: Db;
  objectStore(name: string): DbStore;
  addEventListener(type: "complete" | "abort" | "error", listener: () => void): void;
}

export interface Db {
  readonly name: string;
  readonly version: number;
  readonly objectStoreNames: Iterable<string>;
  transaction(stores: string[], mode?: "readonly" | "readwrite"): DbTransaction;
  createObjectStore(name: string, options: { keyPath: string | string[] | null; autoIncrement: boolean }): DbStore;
  deleteObjectStore(name: string): void;
  addEventListener(type: "versionchange", listener: () => void): void;
  close(): void;
}

interface DbFactory {
  open(name: string, version?: number): DbRequest<Db>;
  deleteDatabase(name: string): DbRequest<unknown>;
  databases(): Promise<{ name: string; version: number }[]>;
}

interface DbGlobals {
  readonly indexedDB: DbFactory;
  readonly IDBObjectStore: { readonly prototype: DbStore };
  readonly IDBCursor: { readonly prototype: DbCursor };
  readonly IDBDatabase: { readonly prototype: Db };
  readonly IDBKeyRange: new () => object;
}

/** What `fake-indexeddb/auto` has put into `globalThis`. */
export const dom: DbGlobals = globalThis as unknown as DbGlobals;

/** The result of a request, once it is there. */
export function settled<T>(request: DbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the request failed")));
  });
}

/** Resolves when the transaction has committed. */
export function committed(transaction: DbTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(new Error("the transaction was aborted")));
  });
}

/** One text for one key, the same whatever way the key came about. */
export function keyText(key: DbKey): string {
  return JSON.stringify(tagged(key));
}

/** The inverse of `keyText`. */
export function keyFromText(text: string): DbKey {
  return untagged(JSON.parse(text) as Tagged);
}

type Tagged = string | { readonly number: string } | { readonly date: number } | { readonly bytes: string } | Tagged[];

function tagged(key: DbKey): Tagged {
  if (typeof key === "string") return key;
  if (typeof key === "number") return { number: String(key) }; // JSON has no infinities
  if (key instanceof Date) return { date: key.getTime() };
  if (Array.isArray(key)) return key.map((part) => tagged(part));
  const view = key as ArrayBufferView | ArrayBuffer;
  const raw = ArrayBuffer.isView(view) ? Buffer.from(view.buffer, view.byteOffset, view.byteLength) : Buffer.from(view);
  return { bytes: raw.toString("hex") };
}

function untagged(key: Tagged): DbKey {
  if (typeof key === "string") return key;
  if (Array.isArray(key)) return key.map((part) => untagged(part));
  if ("number" in key) return Number(key.number);
  if ("date" in key) return new Date(key.date);
  return Uint8Array.from(Buffer.from(key.bytes, "hex"));
}
