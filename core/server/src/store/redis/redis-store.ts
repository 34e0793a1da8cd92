// The store over Redis: any number of cores work on it at a time. docs/protocol/store.md section 8.
import { randomBytes } from "node:crypto";
import { hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import { prepareBody } from "../body-codec.ts";
import { checkChangeSet, checkKey, checkShard, nameOf, storedIndex } from "../change-set.ts";
import { EntityCache } from "../entity-cache.ts";
import { EntityMac } from "../entity-mac.ts";
import type { EntityKey, EntityType, Shard, UnixMs } from "../entity.ts";
import {
  StoreStoppedError,
  StoreUnavailableError,
  type AuditEntry,
  type ChangeSet,
  type CommitOutcome,
  type Found,
  type Loaded,
  type LoadedEntity,
  type Page,
  type Store,
  type StoreListener,
} from "../store.ts";
import { placeOf } from "../witness-table.ts";
import { AuditReader } from "./audit-reader.ts";
import { lanesOf, touchesDue, type PlacedWrite } from "./commit-call.ts";
import { decodeHint, isHintOf } from "./hint.ts";
import { KeyNames } from "./key-names.ts";
import { LinkError, type RedisLink } from "./redis-link.ts";
import { RedisQueries } from "./redis-queries.ts";
import { ShardCommits, type CommitsGiven } from "./shard-commits.ts";
import { ShardDesk } from "./shard-desk.ts";
import type { ShardHead } from "./shard-head.ts";
import { ShardTruth } from "./shard-truth.ts";
import { StoreClock } from "./store-clock.ts";
import { LOOK_EVERYWHERE_MS } from "./where.ts";

/** What a store over an open link is given. */
export interface RedisStoreOptions {
  readonly link: RedisLink;
  /** K_store, from the secrets folder. */
  readonly macKey: MacKey;
  /** First part of every key's name. */
  readonly prefix: string;
  /** Bytes of verified entities kept in memory; 32 MB by default. */
  readonly cacheBytes?: number;
  /** A test's clock, in place of Redis'. */
  readonly clock?: { now(): Date };
  /** How often it looks for what no hint told; a test of hints makes it never. */
  readonly lookEverywhereMs?: number;
  /** What an operator should know of: lost connections, entries lost in a failover. */
  readonly onTrouble?: (error: Error) => void;
}

/** Told of as many of a shard's entities when its epoch began anew; the rest is met when it is used. */
const MOST_WAITING = 10_000;

/** After what failed in the background. */
const AGAIN_MS = 1000;

interface ShardState {
  readonly desk: ShardDesk;
  readonly commits: ShardCommits;
  /** Up to which entry the listeners were told; Infinity until the chain was read for the first time. */
  told: number;
}

export class RedisStore implements Store {
  readonly #given: CommitsGiven;
  readonly #queries: RedisQueries;
  readonly #auditReader: AuditReader;
  readonly #onTrouble: (error: Error) => void;
  readonly #lookEverywhereMs: number;
  readonly #listeners = new Set<StoreListener>();
  readonly #shards = new Map<Shard, ShardState>();
  /** Where this core began an epoch of which the listeners were not told yet. */
  readonly #begun = new Set<Shard>();
  #closed: StoreStoppedError | undefined;
  #pulse: NodeJS.Timeout | undefined;
  /** What failed after a gap is tried again. */
  #again: NodeJS.Timeout | undefined;

  constructor(options: RedisStoreOptions) {
    const { link, macKey, prefix, clock } = options;
    const secret = toHex(hmacSha256(macKey, utf8("countersign/witness-places/v1\0")));
    const names = new KeyNames(prefix);
    this.#onTrouble = options.onTrouble ?? (() => {});
    this.#lookEverywhereMs = options.lookEverywhereMs ?? LOOK_EVERYWHERE_MS;
    this.#given = {
      ...{ link, macKey, names, clock: new StoreClock(clock), coreId: toHex(randomBytes(8)) },
      mac: new EntityMac(macKey),
      cache: new EntityCache(options.cacheBytes ?? 32 * 1024 * 1024),
      placeOf: (name) => placeOf(secret, name),
      onCommitted: (desk, change, writes) => this.#onCommitted(desk, change, writes),
      onEpochBegan: (shard) => this.#onEpochBegan(shard),
      onTrouble: (error) => this.#onTrouble(error),
    };
    this.#queries = new RedisQueries(link, names);
    this.#auditReader = new AuditReader(link, names);
  }

  /** Listens to other cores from now on. */
  async listen(): Promise<void> {
    const { link, names } = this.#given;
    await link.subscribe(
      names.channel,
      (message) => this.#onHint(message),
      () => this.#onGap(),
    );
    // A server that drops messages, or a connection that hangs, tells nobody.
    this.#pulse = setInterval(() => this.#onGap(), this.#lookEverywhereMs).unref();
  }

  async load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    this.#refuseIfClosed();
    checkShard(shard);
    for (const key of keys) checkKey(key);
    const { desk, commits } = this.#shard(shard);
    return this.#reaching(async () => {
      let found = await desk.read(keys);
      while (found === "epoch-over" || !(await desk.isHeld(found.at))) {
        if (found === "epoch-over") await commits.beginEpoch();
        found = await desk.read(keys);
      }
      const { entities: read, epoch } = found;
      const entities = keys.map((key, i): LoadedEntity<EntityType> => {
        const entity = read[i];
        if (entity === undefined) return { key, version: "", body: undefined };
        return { key, version: String(entity.version % 2 ** 32), body: desk.decoded(key, entity).body as never };
      });
      return { entities: entities as Loaded<K>["entities"], epoch, now: this.now() };
    });
  }

  async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    this.#refuseIfClosed();
    checkChangeSet(shard, change);
    const { cache, placeOf: place } = this.#given;
    const writes = change.writes.map((write) => {
      const name = nameOf(write.key);
      const cacheName = `${shard}\0${name}`;
      const known = cache.get(cacheName);
      const stored = write.body && prepareBody(write.body, known?.members);
      return {
        ...{ write, name: cacheName, stored, text: stored?.text, index: storedIndex(write.index) },
        place: known?.place ?? place(name),
      };
    });
    const reads = (change.reads ?? []).map(({ key, expected }) => {
      const name = nameOf(key);
      return { expected, place: cache.get(`${shard}\0${name}`)?.place ?? place(name) };
    });
    return this.#shard(shard).commits.commit(change, { writes, reads });
  }

  async outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    this.#refuseIfClosed();
    checkShard(shard);
    return this.#reaching(() => this.#shard(shard).commits.outcome(changeId));
  }

  async list<T extends EntityType>(shard: Shard, type: T, owner: string, page: Page): Promise<EntityKey<T>[]> {
    this.#refuseIfClosed();
    checkShard(shard);
    return this.#reaching(async () => {
      const found = await this.#queries.list(shard, type, owner, page);
      if (this.#given.link.waits) await this.#settled(this.#shard(shard).desk);
      return found;
    });
  }

  async due(until: UnixMs, limit: number): Promise<Found[]> {
    this.#refuseIfClosed();
    return this.#reaching(() => this.#queries.due(until, limit));
  }

  async nextDue(): Promise<UnixMs | undefined> {
    this.#refuseIfClosed();
    return this.#reaching(() => this.#queries.nextDue());
  }

  async lane(lane: string, limit: number): Promise<Found[]> {
    this.#refuseIfClosed();
    return this.#reaching(() => this.#queries.lane(lane, limit));
  }

  async audit(shard: Shard, fromSeq: number, limit: number): Promise<AuditEntry[]> {
    this.#refuseIfClosed();
    checkShard(shard);
    const { desk } = this.#shard(shard);
    return this.#reaching(async () => {
      return this.#auditReader.read(shard, await this.#settled(desk), fromSeq, limit);
    });
  }

  // Up to the head as it is now: what was asked for before this must stay.
  async #settled(desk: ShardDesk): Promise<ShardHead> {
    await desk.opened();
    for (;;) {
      await desk.catchUp();
      const { head } = desk.truth;
      if (await desk.isHeld(desk.position)) return head;
    }
  }

  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  now(): UnixMs {
    return this.#given.clock.now();
  }

  /** Waits for commits under way. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = new StoreStoppedError("the store is closed");
    this.#listeners.clear();
    clearInterval(this.#pulse);
    clearTimeout(this.#again);
    await Promise.all([...this.#shards.values()].map(({ commits }) => commits.idle()));
    await this.#given.link.close();
  }

  #shard(shard: Shard): ShardState {
    let state = this.#shards.get(shard);
    if (state === undefined) {
      const truth = new ShardTruth({
        ...{ macKey: this.#given.macKey, shard, placeOf: this.#given.placeOf },
        onEntry: (seq, keys) => this.#onEntry(shard, seq, keys),
        onLost: (seen, left) => this.#onLost(shard, seen, left),
      });
      const desk = new ShardDesk(this.#given, shard, truth, () => (made.told = truth.head.seq));
      const made: ShardState = { desk, commits: new ShardCommits(this.#given, desk), told: Infinity };
      this.#shards.set(shard, (state = made));
    }
    return state;
  }

  #onCommitted({ shard, truth }: ShardDesk, { writes: changed }: ChangeSet, writes: readonly PlacedWrite[]): void {
    this.#queries.note(shard, touchesDue(writes), lanesOf(writes));
    const state = this.#shards.get(shard);
    if (state !== undefined && state.told !== Infinity) state.told = Math.max(state.told, truth.head.seq);
    this.#tell(
      shard,
      changed.map(({ key }) => key),
    );
  }

  // An entry of another core, met while a chain was read on.
  #onEntry(shard: Shard, seq: number, keys: readonly EntityKey[]): void {
    const state = this.#shards.get(shard);
    if (state === undefined || seq <= state.told) return;
    state.told = seq;
    this.#queries.note(shard, true, undefined);
    this.#tell(shard, keys);
  }

  #onHint(message: string): void {
    if (isHintOf(message, this.#given.coreId)) return;
    const hint = decodeHint(message);
    if (hint === undefined) return;
    const { shard, seq, keys, due, lanes } = hint;
    this.#queries.note(shard, due, lanes);
    const state = this.#shards.get(shard);
    if (state === undefined || state.told === Infinity || seq === state.told + 1) {
      if (state !== undefined && state.told !== Infinity) state.told = seq;
      this.#tell(shard, keys);
    } else if (seq > state.told) {
      this.#catchUp(state); // hints before this one were lost
    }
  }

  #onGap(): void {
    this.#queries.noteGap();
    for (const state of this.#shards.values()) {
      if (state.told === Infinity) continue;
      // What was told by hints alone a failover may have taken back, and other entries come in its place: those are told too.
      state.told = Math.min(state.told, state.desk.truth.head.seq);
      this.#catchUp(state);
    }
    for (const shard of this.#begun) this.#onEpochBegan(shard);
  }

  // What is open there cannot wait for somebody to use the shard: its codes are of an epoch that is over.
  #catchUp({ desk, commits }: ShardState): void {
    this.#inBackground(async () => {
      await desk.catchUp();
      if (desk.truth.epochIsOver) await commits.beginEpoch();
    });
  }

  // Until the listeners were told it is tried again with every gap.
  #onEpochBegan(shard: Shard): void {
    this.#begun.add(shard);
    this.#inBackground(async () => {
      const keys = await this.#queries.waiting(shard, MOST_WAITING);
      if (!this.#begun.delete(shard)) return;
      for (const listener of this.#listeners) listener(shard, keys, true);
    });
  }

  #tryAgain(): void {
    this.#again = undefined;
    this.#onGap();
  }

  #inBackground(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (this.#closed !== undefined) return;
      if (error instanceof LinkError) {
        if (this.#again !== undefined) return; // told once for all shards
        // The connections come back one after the other: the one that is needed may be the last.
        this.#again = setTimeout(() => this.#tryAgain(), AGAIN_MS).unref();
      }
      this.#onTrouble(error instanceof Error ? error : new Error(String(error)));
    });
  }

  #onLost(shard: Shard, seen: number, left: number): void {
    const state = this.#shards.get(shard);
    if (state !== undefined && state.told !== Infinity) state.told = left;
    this.#onTrouble(
      new Error(
        `shard ${shard}: Redis started again or failed over without entries after ${left}; ${seen} had been seen`,
      ),
    );
  }

  // Listeners run after the caller of commit has its answer on the way; one that throws is a bug and ends the process.
  #tell(shard: Shard, keys: readonly EntityKey[]): void {
    if (keys.length === 0) return;
    for (const listener of this.#listeners) queueMicrotask(() => listener(shard, keys));
  }

  async #reaching<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      throw new StoreUnavailableError(error.message, { cause: error });
    }
  }

  #refuseIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}
