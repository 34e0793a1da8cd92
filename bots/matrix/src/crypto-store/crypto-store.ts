import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import {
  emptyDatabase,
  lookAt,
  openDatabase,
  restoreDatabase,
  shapeOf,
  type DatabaseShape,
  type Look,
  type RowImage,
} from "./database-image.ts";
import { DeviceLock } from "./device-lock.ts";
import { dom, settled } from "./indexed-db.ts";
import { digestOf, readName, writeName } from "./row-name.ts";
import { SealedFile } from "./sealed-file.ts";
import { openStoreFolder } from "./store-folder.ts";
import { Changes, watchWrites } from "./write-watch.ts";

interface CryptoStoreGiven {
  /** Made (0700) when absent; belongs to one bot. */
  readonly folder: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/**
 * The durable half of the SDK's crypto store. The SDK works on IndexedDB in memory; `flush` writes the rows that
 * changed since the last one into one sealed file, and `open` brings them back. One process at a time.
 */
export class CryptoStore {
  /** For `initRustCrypto({ cryptoDatabasePrefix })`. New at every open: nothing of an earlier one is met in memory. */
  readonly prefix: string = `countersign-${randomBytes(8).toString("hex")}`;
  readonly #lock: DeviceLock;
  readonly #file: SealedFile;
  readonly #kept = new Map<string, Uint8Array>();
  /** Digest of every row that the file holds, by name in it. */
  readonly #written = new Map<string, string>();
  #versions = new Map<string, number>();
  readonly #dirty = new Map<string, Changes>();
  readonly #unwatch: () => void;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(lock: DeviceLock, file: SealedFile) {
    this.#lock = lock;
    this.#file = file;
    this.#unwatch = watchWrites(this.prefix, (database, changes) => {
      this.#soil(database.slice(this.prefix.length), changes);
    });
  }

  /**
   * Locks the folder, checks and restores what it holds. Throws StoreError when another process has it, when others may
   * read it, when the key is another, or when anything in the file is not what was written.
   */
  static async open({ folder, key }: CryptoStoreGiven): Promise<CryptoStore> {
    openStoreFolder(folder);
    const lock = DeviceLock.take(join(folder, "device.lock"));
    let file: SealedFile | undefined;
    try {
      const opened = SealedFile.open(join(folder, "device.sqlite"), key);
      file = opened.file;
      const store = new CryptoStore(lock, file);
      await store.#restore(opened.values);
      return store;
    } catch (error) {
      file?.close();
      lock.release();
      throw error;
    }
  }

  /** Grows with every change of the file; for tests and figures. */
  get generation(): bigint {
    return this.#file.generation;
  }

  /** A value of the session's own, kept beside the databases. */
  kept(name: string): Uint8Array | undefined {
    return this.#kept.get(name);
  }

  /** Durable when it returns. */
  keep(name: string, value: Uint8Array): void {
    this.#file.write({ put: new Map([[writeName({ kind: "kept", name }), value]]), remove: [] });
    this.#kept.set(name, value);
  }

  /**
   * Resolves once everything that was committed in the databases before this call is durable. Callers that come while a
   * flush is at work share the next one. Rejects with StoreError when the file cannot be written.
   */
  flush(): Promise<void> {
    if (this.#running === undefined) return this.#run();
    this.#next ??= this.#running.then(
      () => this.#run(),
      () => this.#run(),
    );
    return this.#next;
  }

  /** Forgets everything, in memory and in the file, at once. For a device that the server forgot, before it is used. */
  async reset(): Promise<void> {
    // Nobody has opened them yet.
    for (const name of this.#versions.keys()) await settled(dom.indexedDB.deleteDatabase(this.prefix + name));
    const kept = [...this.#kept.keys()].map((name) => writeName({ kind: "kept", name }));
    const shapes = [...this.#versions.keys()].map((database) => writeName({ kind: "shape", database }));
    this.#file.write({ put: new Map(), remove: [...kept, ...shapes, ...this.#written.keys()] });
    this.#kept.clear();
    this.#written.clear();
    this.#versions.clear();
    this.#dirty.clear();
  }

  /** Flushes, and lets the folder go whether that succeeded or not. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#unwatch();
      this.#file.close();
      this.#lock.release();
      await this.#emptyDatabases();
    }
  }

  #run(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#writeChanges().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #writeChanges(): Promise<void> {
    const change = new Change();
    const taken = new Map<string, Changes>();
    const versions = await this.#versionsNow();
    try {
      for (const [name, version] of versions) await this.#collect(name, version, change, taken);
      for (const name of this.#versions.keys()) if (!versions.has(name)) this.#forget(name, change);
      if (!change.none) this.#file.write(change);
    } catch (error) {
      for (const [name, changes] of taken) this.#soil(name, changes); // still to be written
      throw error;
    }
    for (const [at, digest] of change.digests) this.#written.set(at, digest);
    for (const at of change.remove) this.#written.delete(at);
    this.#versions = versions;
  }

  async #collect(name: string, version: number, change: Change, taken: Map<string, Changes>): Promise<void> {
    const fresh = this.#versions.get(name) !== version;
    if (!fresh && this.#dirty.get(name) === undefined) return;
    const db = await openDatabase(this.prefix + name);
    try {
      if (fresh) change.put.set(writeName({ kind: "shape", database: name }), serialized(await shapeOf(db)));
      const look = await lookAt(db, () => {
        const changes = this.#dirty.get(name) ?? new Changes();
        this.#dirty.delete(name);
        taken.set(name, changes);
        return fresh ? "everything" : changes;
      });
      this.#compare(name, look, change);
    } finally {
      db.close();
    }
  }

  #compare(database: string, look: Look, change: Change): void {
    const gone = new Set(this.#namesIn(database, look.whole));
    for (const { store, key, value } of look.rows) {
      const at = writeName({ kind: "row", database, store, key });
      if (value === undefined) {
        if (this.#written.has(at)) change.remove.add(at);
        continue;
      }
      gone.delete(at);
      const digest = digestOf(value);
      if (this.#written.get(at) === digest) continue;
      change.put.set(at, value);
      change.digests.set(at, digest);
    }
    for (const at of gone) change.remove.add(at);
  }

  #forget(database: string, change: Change): void {
    change.remove.add(writeName({ kind: "shape", database }));
    for (const at of this.#namesIn(database)) change.remove.add(at);
  }

  #soil(database: string, changes: Changes): void {
    const dirty = this.#dirty.get(database) ?? new Changes();
    dirty.merge(changes);
    this.#dirty.set(database, dirty);
  }

  #namesIn(database: string, stores?: ReadonlySet<string>): string[] {
    if (stores?.size === 0) return [];
    return [...this.#written.keys()].filter((at) => {
      const name = readName(at);
      return name.kind === "row" && name.database === database && (stores === undefined || stores.has(name.store));
    });
  }

  async #versionsNow(): Promise<Map<string, number>> {
    const all = await dom.indexedDB.databases();
    const own = all.filter(({ name }) => name.startsWith(this.prefix));
    return new Map(own.map(({ name, version }) => [name.slice(this.prefix.length), version]));
  }

  async #restore(values: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const shapes = new Map<string, DatabaseShape>();
    const rows = new Map<string, RowImage[]>();
    for (const [at, value] of values) {
      const name = readName(at);
      if (name.kind === "kept") this.#kept.set(name.name, value);
      if (name.kind === "shape") shapes.set(name.database, deserialize(value) as DatabaseShape);
      if (name.kind !== "row") continue;
      this.#written.set(at, digestOf(value));
      const known = rows.get(name.database) ?? [];
      known.push({ store: name.store, key: name.key, value });
      rows.set(name.database, known);
    }
    for (const [name, shape] of shapes) {
      await restoreDatabase(this.prefix + name, shape, rows.get(name) ?? []);
      this.#versions.set(name, shape.version);
    }
    this.#dirty.clear();
  }

  // In memory. Not by deleting the databases: that waits for every connection to be closed, busily and for ever.
  async #emptyDatabases(): Promise<void> {
    for (const name of (await this.#versionsNow()).keys()) await emptyDatabase(this.prefix + name);
  }
}

class Change {
  readonly put: Map<string, Uint8Array> = new Map();
  readonly remove: Set<string> = new Set();
  /** Of what is in `put`, for rows. */
  readonly digests: Map<string, string> = new Map();

  get none(): boolean {
    return this.put.size === 0 && this.remove.size === 0;
  }
}

function serialized(value: unknown): Uint8Array {
  return new Uint8Array(serialize(value));
}
