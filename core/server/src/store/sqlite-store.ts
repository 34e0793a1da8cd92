// The embedded store: one SQLite database in a folder that one process owns. docs/protocol/store.md.
import type { DatabaseSync } from "node:sqlite";
import type { MacKey } from "@countersign/protocol";
import { prepareBody } from "./body-codec.ts";
import { cacheNameOf, checkChangeSet, checkKey, checkShard, nameOf, storedIndex } from "./change-set.ts";
import type { Buggify } from "./crash-point.ts";
import { EntityMac } from "./entity-mac.ts";
import { decoded, EntityCache, isDecoded, type DecodedEntity } from "./entity-cache.ts";
import type { EntityKey, EntityType, Shard, UnixMs } from "./entity.ts";
import { blameOf, openDatabase, type OwnedDatabase } from "./sqlite-database.ts";
import { SpoiledError, SqliteGroup, versionText, type GroupGiven, type PreparedChange } from "./sqlite-group.ts";
import { SqliteQueries } from "./sqlite-queries.ts";
import { readEntity } from "./sqlite-entity.ts";
import { StoreTruth } from "./store-truth.ts";
import {
  StoreFullError,
  StoreStoppedError,
  type AuditEntry,
  type ChangeSet,
  type CommitOutcome,
  type Found,
  type Loaded,
  type LoadedEntity,
  type Page,
  type Store,
} from "./store.ts";

export interface SqliteStoreOptions {
  /** Created (0700) when absent; one process at a time owns it. */
  readonly folder: string;
  /** K_store, from the secrets folder. */
  readonly macKey: MacKey;
  /** The system's by default. */
  readonly clock?: { now(): Date };
  /** Bytes of verified entities kept in memory; 32 MB by default. */
  readonly cacheBytes?: number;
  /** Told once when an I/O error stops the store: the process should end, and let the next start recover. */
  readonly onStopped?: (error: Error) => void;
  /** Told how many changes each group has, before it is committed. */
  readonly onGroup?: (changes: number) => void;
  /** Entities of a shard that changed, kept in memory before they go to the witness's pages; 512 by default, some 20 kB. */
  readonly freshEntities?: number;
  /** Tests crash and fail the store at named points. */
  readonly buggify?: Buggify;
  /** Tests narrow the open database through it. */
  readonly onOpened?: (db: DatabaseSync) => void;
}

/** Opens the store of a data folder. Rejects with StoreFolderError or IntegrityError, whose messages say what to do. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const buggify = options.buggify ?? (() => {});
  const database = openDatabase(options.folder, buggify);
  try {
    const store = new SqliteStore(database, options, buggify);
    options.onOpened?.(database.db);
    buggify("opened");
    return store;
  } catch (error) {
    database.close();
    throw error;
  }
}

interface Waiting extends PreparedChange {
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: Error) => void;
}

type Listener = (shard: Shard, keys: readonly EntityKey[]) => void;

class SqliteStore implements Store {
  readonly #database: OwnedDatabase;
  readonly #given: GroupGiven;
  readonly #queries: SqliteQueries;
  readonly #clock: { now(): Date };
  readonly #onStopped: (error: Error) => void;
  readonly #onGroup: ((changes: number) => void) | undefined;
  readonly #listeners = new Set<Listener>();
  #queue: Waiting[] = [];
  #stopped: StoreStoppedError | undefined;

  constructor(database: OwnedDatabase, options: SqliteStoreOptions, buggify: Buggify) {
    const sql = database.statements;
    this.#database = database;
    this.#clock = options.clock ?? { now: () => new Date() };
    this.#onStopped = options.onStopped ?? (() => {});
    this.#onGroup = options.onGroup;
    this.#given = {
      sql,
      truth: new StoreTruth(options.macKey, sql),
      cache: new EntityCache(options.cacheBytes ?? 32 * 1024 * 1024),
      mac: new EntityMac(options.macKey),
      freshEntities: options.freshEntities ?? 512,
      buggify,
      inTransaction: () => database.db.isTransaction,
    };
    this.#queries = new SqliteQueries(sql, this.#given.truth);
  }

  async load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    this.#refuseIfStopped();
    checkShard(shard);
    const truth = this.#given.truth.of(shard);
    const entities = keys.map((key): LoadedEntity<EntityType> => {
      checkKey(key);
      const entity = this.#verified(shard, key);
      if (entity === undefined) return { key, version: "", body: undefined };
      return { key, version: versionText(entity.version), body: entity.body as never };
    });
    return { entities: entities as Loaded<K>["entities"], epoch: truth.head.epoch, now: this.now() };
  }

  #verified(shard: Shard, key: EntityKey): DecodedEntity | undefined {
    const { truth, cache } = this.#given;
    const cacheName = cacheNameOf(shard, key);
    const known = cache.get(cacheName);
    if (known !== undefined && isDecoded(known)) return known;
    const found = known ?? readEntity(this.#given, truth.of(shard), key, truth.placeOf(nameOf(key)));
    if (found === undefined) return undefined;
    const entity = decoded(found);
    cache.set(cacheName, entity);
    return entity;
  }

  async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    this.#refuseIfStopped();
    checkChangeSet(shard, change);
    const prepared = this.#prepare(shard, change);
    return new Promise((resolve, reject) => {
      if (this.#queue.push({ ...prepared, resolve, reject }) === 1) setImmediate(() => this.#flush());
      this.#given.buggify("change-queued");
    });
  }

  #prepare(shard: Shard, change: ChangeSet): PreparedChange {
    const { cache, truth } = this.#given;
    const writes = change.writes.map((write) => {
      const name = cacheNameOf(shard, write.key);
      const known = cache.get(name);
      const place = known?.place ?? truth.placeOf(nameOf(write.key));
      const stored = write.body && prepareBody(write.body, known?.members);
      return { write, name, known, place, stored, index: storedIndex(write.index) };
    });
    const reads = change.reads?.map(({ key, expected }) => {
      const place = cache.get(cacheNameOf(shard, key))?.place ?? truth.placeOf(nameOf(key));
      return { expected, place };
    });
    return { shard, change, writes, reads: reads ?? [] };
  }

  #flush(): void {
    const waiting = this.#queue;
    this.#queue = [];
    if (waiting.length === 0 || this.#stopped !== undefined) return;
    this.#onGroup?.(waiting.length);
    const now = this.now();
    const spoiled = new Map<PreparedChange, Error>();
    let results: readonly (CommitOutcome | Error)[] | undefined;
    while (results === undefined) {
      const group = new SqliteGroup(this.#given, now);
      try {
        results = this.#commitGroup(group, waiting, spoiled);
      } catch (error) {
        group.undo();
        this.#failGroup(waiting, error);
        return;
      }
    }
    this.#acknowledge(waiting, results);
  }

  // Undefined: one more was found to be spoiled, and nothing was written.
  #commitGroup(
    group: SqliteGroup,
    waiting: readonly Waiting[],
    spoiled: Map<PreparedChange, Error>,
  ): readonly (CommitOutcome | Error)[] | undefined {
    const { sql, buggify } = this.#given;
    sql.begin.run();
    buggify("group-begun");
    const results: (CommitOutcome | Error)[] = [];
    for (const one of waiting) {
      const why = spoiled.get(one);
      if (why !== undefined) group.pass();
      try {
        results.push(why ?? group.apply(one));
      } catch (error) {
        if (!(error instanceof SpoiledError)) throw error;
        spoiled.set(one, error.cause);
        sql.rollback.run();
        group.undo();
        return undefined;
      }
    }
    if (!group.wrote) {
      sql.rollback.run();
      return results;
    }
    group.finish();
    buggify("before-commit");
    sql.commit.run();
    buggify("after-commit");
    group.keep();
    return results;
  }

  #acknowledge(waiting: readonly Waiting[], results: readonly (CommitOutcome | Error)[]): void {
    const { buggify } = this.#given;
    results.forEach((result, i) => {
      const { shard, change, resolve, reject } = waiting[i]!;
      buggify("before-acknowledge");
      if (typeof result !== "string") reject(result);
      else resolve(result);
      buggify("after-acknowledge");
      if (result === "committed") this.#tell(shard, change);
    });
  }

  // A full disk fails this group alone. After any other error nobody knows what reached the disk until it is opened anew.
  #failGroup(waiting: readonly Waiting[], error: unknown): void {
    if (blameOf(error) === "full") {
      if (this.#database.db.isTransaction) this.#given.sql.rollback.run();
      const full = new StoreFullError("the disk is full: nothing was written; free some space, then call again", {
        cause: error,
      });
      for (const { reject } of waiting) reject(full);
      return;
    }
    this.#stop(error);
    for (const { resolve } of waiting) resolve("unknown");
  }

  #stop(cause: unknown): void {
    this.#stopped = new StoreStoppedError("the store met an I/O error and stopped; start the core again to recover", {
      cause,
    });
    for (const { reject } of this.#queue.splice(0)) reject(this.#stopped);
    this.#release();
    this.#onStopped(this.#stopped);
  }

  // Closing rolls an open transaction back.
  #release(): void {
    try {
      this.#database.close();
    } catch {
      // it is being given up; what the next opening finds is what counts
    }
  }

  async outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    this.#refuseIfStopped();
    checkShard(shard);
    return this.#queries.outcome(shard, changeId);
  }

  async list<T extends EntityType>(shard: Shard, type: T, owner: string, page: Page): Promise<EntityKey<T>[]> {
    this.#refuseIfStopped();
    checkShard(shard);
    return this.#queries.list(shard, type, owner, page);
  }

  async due(until: UnixMs, limit: number): Promise<Found[]> {
    this.#refuseIfStopped();
    return this.#queries.due(until, limit);
  }

  async nextDue(): Promise<UnixMs | undefined> {
    this.#refuseIfStopped();
    return this.#queries.nextDue();
  }

  async lane(lane: string, limit: number): Promise<Found[]> {
    this.#refuseIfStopped();
    return this.#queries.lane(lane, limit);
  }

  async audit(shard: Shard, fromSeq: number, limit: number): Promise<AuditEntry[]> {
    this.#refuseIfStopped();
    checkShard(shard);
    return this.#queries.audit(shard, fromSeq, limit, () => this.#refuseIfStopped());
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  now(): UnixMs {
    return this.#clock.now().getTime();
  }

  /** Commits what waits, keeps the witnesses for a quick start, and gives the folder up. */
  async close(): Promise<void> {
    if (this.#stopped !== undefined) return;
    this.#flush();
    if (this.#stopped !== undefined) return;
    this.#stopped = new StoreStoppedError("the store is closed");
    this.#listeners.clear();
    this.#given.buggify("closing");
    this.#saveWitnesses();
    this.#database.close();
  }

  // They only save work at the next start, so a failure costs nothing but that.
  #saveWitnesses(): void {
    const { sql, truth, buggify } = this.#given;
    try {
      sql.begin.run();
      for (const shard of truth.known()) if (shard.head.seq - shard.savedSeq >= WITNESS_WORTH) truth.saveWitness(shard);
      buggify("witness-saving");
      sql.commit.run();
      buggify("witness-saved");
    } catch {
      if (this.#database.db.isTransaction) sql.rollback.run();
    }
  }

  // Listeners run after the caller of commit has its answer on the way; one that throws is a bug and ends the process.
  #tell(shard: Shard, change: ChangeSet): void {
    if (this.#listeners.size === 0) return;
    const keys = change.writes.map((write) => write.key);
    for (const listener of this.#listeners) queueMicrotask(() => listener(shard, keys));
  }

  #refuseIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
  }
}

/** Entries that are read again at the next start rather than stored as a witness at the end. */
const WITNESS_WORTH = 64;
