import {
  dom,
  keyText,
  type DbCursor,
  type DbKey,
  type DbRequest,
  type DbStore,
  type DbTransaction,
} from "./indexed-db.ts";

/** What committed transactions changed in one database since the last look. */
export class Changes {
  /** Rows by store, and in it by the text of the key. */
  readonly rows: Map<string, Map<string, DbKey>> = new Map();
  /** Stores that are to be compared as a whole, because a range was deleted. */
  readonly stores: Set<string> = new Set();

  get none(): boolean {
    return this.rows.size === 0 && this.stores.size === 0;
  }

  addRow(store: string, key: DbKey): void {
    const rows = this.rows.get(store) ?? new Map<string, DbKey>();
    rows.set(keyText(key), key);
    this.rows.set(store, rows);
  }

  merge(other: Changes): void {
    for (const [store, rows] of other.rows) for (const key of rows.values()) this.addRow(store, key);
    for (const store of other.stores) this.stores.add(store);
  }
}

/** Called once for every transaction that committed a change in a database whose name begins as asked. */
type Watcher = (database: string, changes: Changes) => void;

const watchers = new Map<string, Watcher>();
const open = new WeakMap<DbTransaction, Changes>();

/**
 * Tells of every changed row in databases whose name begins with `prefix`, until the returned function is called. All
 * ways that IndexedDB has for changing rows go through the methods below. Stores themselves change only together with
 * the database's version, which the reader compares.
 */
export function watchWrites(prefix: string, watcher: Watcher): () => void {
  watchers.set(prefix, watcher);
  return () => watchers.delete(prefix);
}

function note(transaction: DbTransaction): Changes {
  const known = open.get(transaction);
  if (known !== undefined) return known;
  const changes = new Changes();
  open.set(transaction, changes);
  // An aborted transaction changed nothing and is forgotten.
  transaction.addEventListener("complete", () => {
    for (const [prefix, watcher] of watchers) {
      if (transaction.db.name.startsWith(prefix)) watcher(transaction.db.name, changes);
    }
  });
  return changes;
}

// The key may be made by the store itself, so it is taken from the answer.
function noteAnswer(store: DbStore, request: DbRequest<DbKey>): DbRequest<DbKey> {
  const changes = note(store.transaction);
  request.addEventListener("success", () => changes.addRow(store.name, request.result));
  return request;
}

type Method<Answer> = (this: unknown, ...given: unknown[]) => Answer;

function methodOf<Answer>(prototype: object, name: string): Method<Answer> {
  return Reflect.get(prototype, name) as Method<Answer>;
}

function watchStores(prototype: object): void {
  const add = methodOf<DbRequest<DbKey>>(prototype, "add");
  const put = methodOf<DbRequest<DbKey>>(prototype, "put");
  const remove = methodOf<unknown>(prototype, "delete");
  const clear = methodOf<unknown>(prototype, "clear");
  Object.assign(prototype, {
    add(this: DbStore, ...given: unknown[]) {
      return noteAnswer(this, add.apply(this, given));
    },
    put(this: DbStore, ...given: unknown[]) {
      return noteAnswer(this, put.apply(this, given));
    },
    delete(this: DbStore, key: unknown) {
      if (key instanceof dom.IDBKeyRange) note(this.transaction).stores.add(this.name);
      else note(this.transaction).addRow(this.name, key as DbKey);
      return remove.call(this, key);
    },
    clear(this: DbStore) {
      note(this.transaction).stores.add(this.name);
      return clear.call(this);
    },
  });
}

function watchCursors(prototype: object): void {
  const update = methodOf<DbRequest<DbKey>>(prototype, "update");
  const remove = methodOf<unknown>(prototype, "delete");
  Object.assign(prototype, {
    update(this: DbCursor, value: unknown) {
      return noteAnswer(storeOf(this), update.call(this, value));
    },
    delete(this: DbCursor) {
      const store = storeOf(this);
      note(store.transaction).addRow(store.name, this.primaryKey);
      return remove.call(this);
    },
  });
}

function storeOf(cursor: DbCursor): DbStore {
  return "objectStore" in cursor.source ? cursor.source.objectStore : cursor.source;
}

// Twice over, each change would be noted twice: harmless, but the globals outlive this module in test runs.
const WATCHED = Symbol.for("countersign.matrix.write-watch");
if (!Reflect.has(dom.IDBObjectStore.prototype, WATCHED)) {
  Reflect.set(dom.IDBObjectStore.prototype, WATCHED, true);
  watchStores(dom.IDBObjectStore.prototype);
  watchCursors(dom.IDBCursor.prototype);
}
