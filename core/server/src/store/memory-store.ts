// The store port over plain maps: for tests, and as the model that the durable stores are measured against.
import type { MacKey } from "@countersign/protocol";
import { encodeEntry, GENESIS, hashEntry, type EntryContent } from "../audit/audit-entry.ts";
import { decodeBody, encodeBody } from "./body-codec.ts";
import { checkChangeSet, checkKey, checkShard, nameOf, storedIndex } from "./change-set.ts";
import type { EntityKey, EntityType, Shard, UnixMs } from "./entity.ts";
import type { AuditEntry, ChangeSet, CommitOutcome, Found, Index, Loaded, LoadedEntity, Page, Store } from "./store.ts";

interface Row {
  readonly key: EntityKey;
  readonly version: string;
  /** Encoded, so that no writer shares an object with the store. */
  readonly text: string;
  readonly index: Index;
  /** What all who load this version share, as in a durable store. */
  body?: object;
}

interface ShardState {
  readonly rows: Map<string, Row>;
  readonly chain: AuditEntry[];
  readonly changes: Set<string>;
}

type Listener = (shard: Shard, keys: readonly EntityKey[]) => void;

/** What a memory store is given. The key is taken so that both stores open alike; memory needs no MAC. */
export interface MemoryStoreOptions {
  readonly clock: { now(): Date };
  readonly macKey?: MacKey;
}

/** An empty store that forgets everything when it is dropped. */
export function openMemoryStore(options: MemoryStoreOptions): Store {
  return new MemoryStore(options);
}

const EPOCH = 1;

class MemoryStore implements Store {
  readonly #clock: { now(): Date };
  readonly #shards = new Map<Shard, ShardState>();
  readonly #listeners = new Set<Listener>();

  constructor(options: MemoryStoreOptions) {
    this.#clock = options.clock;
  }

  async load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    checkShard(shard);
    const rows = this.#shards.get(shard)?.rows;
    const entities = keys.map((key): LoadedEntity<EntityType> => {
      checkKey(key);
      const row = rows?.get(nameOf(key));
      if (row === undefined) return { key, version: "", body: undefined };
      return { key, version: row.version, body: bodyOf(row) as never };
    });
    return { entities: entities as Loaded<K>["entities"], epoch: EPOCH, now: this.now() };
  }

  async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    checkChangeSet(shard, change);
    const texts = change.writes.map((write) => (write.body === undefined ? undefined : encodeBody(write.body)));
    await Promise.resolve(); // as in a durable store, what the caller does next does not see it yet
    const state = this.#shard(shard);
    const now = this.now();
    if (change.epoch !== EPOCH) return "conflict";
    for (const { key, expected } of [...change.writes, ...(change.reads ?? [])]) {
      if ((state.rows.get(nameOf(key))?.version ?? "") !== expected) return "conflict";
    }
    if (now < (change.notBefore ?? now) || now > (change.notAfter ?? now)) return "late";
    this.#apply(shard, state, change, texts, now);
    for (const listener of this.#listeners)
      queueMicrotask(() =>
        listener(
          shard,
          change.writes.map((write) => write.key),
        ),
      );
    return "committed";
  }

  #apply(shard: Shard, state: ShardState, change: ChangeSet, texts: readonly (string | undefined)[], at: UnixMs): void {
    const seq = state.chain.length + 1;
    const version = String(seq);
    change.writes.forEach((write, i) => {
      const text = texts[i];
      if (text === undefined) state.rows.delete(nameOf(write.key));
      else state.rows.set(nameOf(write.key), { key: write.key, version, text, index: storedIndex(write.index) });
    });
    const content: EntryContent = {
      shard,
      epoch: EPOCH,
      seq,
      at,
      changeId: change.changeId,
      events: structuredClone(change.audit),
      versions: change.writes.map(({ key, body }) => [key.type, key.tenant, key.id, body === undefined ? "" : version]),
    };
    const previous = state.chain.at(-1)?.hash ?? GENESIS;
    state.chain.push({ ...content, previous, hash: hashEntry(previous, encodeEntry(content)) });
    state.changes.add(change.changeId);
  }

  async outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    return this.#shard(shard).changes.has(changeId) ? "committed" : "absent";
  }

  async list<T extends EntityType>(shard: Shard, type: T, owner: string, page: Page): Promise<EntityKey<T>[]> {
    const below = page.before ?? Infinity;
    const rows = [...this.#shard(shard).rows.values()]
      .filter(({ key, index }) => key.type === type && key.tenant === page.tenant && index.owner === owner)
      .filter(({ index }) => (index.sort ?? 0) < below)
      .toSorted((a, b) => (b.index.sort ?? 0) - (a.index.sort ?? 0) || compareText(a.key.id, b.key.id));
    const last = rows[page.limit - 1]?.index.sort ?? 0;
    return rows
      .filter((row, i) => i < page.limit || (row.index.sort ?? 0) === last)
      .map((row) => row.key as EntityKey<T>);
  }

  async due(until: UnixMs, limit: number): Promise<Found[]> {
    return this.#all(({ due }) => due !== undefined && due <= until)
      .toSorted((a, b) => (a.row.index.due ?? 0) - (b.row.index.due ?? 0))
      .slice(0, limit)
      .map(({ shard, row }) => ({ shard, key: row.key }));
  }

  async nextDue(): Promise<UnixMs | undefined> {
    const all = this.#all(({ due }) => due !== undefined).map(({ row }) => row.index.due ?? 0);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  async lane(lane: string, limit: number): Promise<Found[]> {
    return this.#all((index) => index.lane === lane)
      .toSorted((a, b) => (a.row.index.sort ?? 0) - (b.row.index.sort ?? 0))
      .slice(0, limit)
      .map(({ shard, row }) => ({ shard, key: row.key }));
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async audit(shard: Shard, fromSeq: number, limit: number): Promise<AuditEntry[]> {
    const from = Math.max(0, fromSeq - 1);
    return structuredClone(this.#shard(shard).chain.slice(from, from + limit));
  }

  now(): UnixMs {
    return this.#clock.now().getTime();
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #shard(shard: Shard): ShardState {
    checkShard(shard);
    let state = this.#shards.get(shard);
    if (state === undefined) this.#shards.set(shard, (state = { rows: new Map(), chain: [], changes: new Set() }));
    return state;
  }

  #all(matches: (index: Index) => boolean): { readonly shard: Shard; readonly row: Row }[] {
    return [...this.#shards]
      .flatMap(([shard, state]) => [...state.rows.values()].map((row) => ({ shard, row })))
      .filter(({ row }) => matches(row.index));
  }
}

/** Frozen but for its bytes: whoever wrote into those is found out at the next load. */
function bodyOf(row: Row): object {
  row.body ??= decodeBody(row.text);
  if (encodeBody(row.body) === row.text) return row.body;
  throw new Error(`${row.key.type} ${row.key.id}: somebody wrote into the bytes of a loaded body; copy them instead`);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
