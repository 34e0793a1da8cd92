import { deserialize, serialize } from "node:v8";
import { committed, dom, settled, type Db, type DbKey, type DbRequest, type DbStore } from "./indexed-db.ts";
import type { Changes } from "./write-watch.ts";

interface StoreShape {
  readonly name: string;
  readonly keyPath: string | string[] | null;
  readonly autoIncrement: boolean;
  readonly indexes: readonly {
    readonly name: string;
    readonly keyPath: string | string[];
    readonly unique: boolean;
    readonly multiEntry: boolean;
  }[];
}

/** What a database is made of besides its rows. */
export interface DatabaseShape {
  readonly version: number;
  readonly stores: readonly StoreShape[];
}

/** One row as it is now; `value` is undefined when it is gone. Values are V8's own format, which later versions read. */
export interface RowImage {
  readonly store: string;
  readonly key: DbKey;
  readonly value: Uint8Array | undefined;
}

/** What a look at a database found. */
export interface Look {
  readonly rows: readonly RowImage[];
  /** Stores of which `rows` holds everything there is. */
  readonly whole: ReadonlySet<string>;
}

/** Opens a database that exists, without changing its version. */
export async function openDatabase(name: string): Promise<Db> {
  const db = await settled(dom.indexedDB.open(name));
  // Somebody wants to upgrade or delete it: we stand in nobody's way.
  db.addEventListener("versionchange", () => db.close());
  return db;
}

export async function shapeOf(db: Db): Promise<DatabaseShape> {
  const names = [...db.objectStoreNames];
  if (names.length === 0) return { version: db.version, stores: [] };
  const transaction = db.transaction(names, "readonly");
  const stores = names.map((name) => storeShape(transaction.objectStore(name)));
  await committed(transaction);
  return { version: db.version, stores };
}

function storeShape(store: DbStore): StoreShape {
  const indexes = [...store.indexNames].map((name) => {
    const { keyPath, unique, multiEntry } = store.index(name);
    return { name, keyPath, unique, multiEntry };
  });
  return { name: store.name, keyPath: store.keyPath, autoIncrement: store.autoIncrement, indexes };
}

/**
 * Reads what `take` names once all transactions before this one have ended, in one transaction over all stores, so that
 * what one writer wrote together is read together. `take` is called when no writer is at work.
 */
export async function lookAt(db: Db, take: () => Changes | "everything"): Promise<Look> {
  const names = [...db.objectStoreNames];
  const first = names[0];
  if (first === undefined) return { rows: [], whole: new Set() };
  const transaction = db.transaction(names, "readonly");
  const stores = new Map(names.map((name) => [name, transaction.objectStore(name)]));
  const rows: RowImage[] = [];
  const whole = new Set<string>();
  const readRow = (store: DbStore, key: DbKey): void => {
    whenSettled(store.get(key), (found) => rows.push({ store: store.name, key, value: image(found) }));
  };
  const readStore = (store: DbStore): void => {
    whole.add(store.name);
    whenSettled(store.getAllKeys(), (keys) => {
      whenSettled(store.getAll(), (values) => {
        for (const [at, key] of keys.entries()) rows.push({ store: store.name, key, value: image(values[at]) });
      });
    });
  };
  // The first answer arrives when the transaction runs; a request of no interest brings it about.
  whenSettled(stores.get(first)!.get(""), () => {
    const wanted = take();
    for (const [name, store] of stores) {
      if (wanted === "everything" || wanted.stores.has(name)) readStore(store);
      else for (const key of wanted.rows.get(name)?.values() ?? []) readRow(store, key);
    }
  });
  await committed(transaction);
  return { rows, whole };
}

function whenSettled<T>(request: DbRequest<T>, then: (result: T) => void): void {
  request.addEventListener("success", () => then(request.result));
}

function image(value: unknown): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(serialize(value));
}

/** Makes a database of this shape, holding these rows. */
export async function restoreDatabase(name: string, shape: DatabaseShape, rows: readonly RowImage[]): Promise<void> {
  const request = dom.indexedDB.open(name, shape.version);
  request.addEventListener("upgradeneeded", () => {
    for (const { name: store, keyPath, autoIncrement, indexes } of shape.stores) {
      const made = request.result.createObjectStore(store, { keyPath, autoIncrement });
      for (const { name: index, keyPath: path, ...options } of indexes) made.createIndex(index, path, options);
    }
  });
  const db = await settled(request);
  if (rows.length > 0) {
    const transaction = db.transaction([...db.objectStoreNames], "readwrite");
    const inline = new Set(shape.stores.filter(({ keyPath }) => keyPath !== null).map(({ name: store }) => store));
    for (const { store, key, value } of rows) {
      const revived: unknown = value === undefined ? undefined : deserialize(value);
      transaction.objectStore(store).put(revived, ...(inline.has(store) ? [] : [key]));
    }
    await committed(transaction);
  }
  db.close();
}

/** Takes every row out of a database, whoever has it open. */
export async function emptyDatabase(name: string): Promise<void> {
  const db = await openDatabase(name);
  const stores = [...db.objectStoreNames];
  if (stores.length > 0) {
    const transaction = db.transaction(stores, "readwrite");
    for (const store of stores) transaction.objectStore(store).clear();
    await committed(transaction);
  }
  db.close();
}
