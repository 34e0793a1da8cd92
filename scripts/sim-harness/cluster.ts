// The store's truth in a simulation: shards with a log each, of which the replicas have the beginning.
import { encodeEntry, GENESIS, hashEntry, type EntryContent } from "../../core/server/src/audit/audit-entry.ts";
import { checkChangeSet, checkKey, checkShard, nameOf, storedIndex } from "../../core/server/src/store/change-set.ts";
import type { EntityKey, EntityType, Shard, UnixMs } from "../../core/server/src/store/entity.ts";
import { IntegrityError } from "../../core/server/src/store/store.ts";
import type { AuditEntry, ChangeSet, Found, Index, Loaded, LoadedEntity } from "../../core/server/src/store/store.ts";
import type { Edit } from "./step.ts";
import { snapshotOf, type Snapshot } from "./snapshot.ts";

export interface Row {
  readonly key: EntityKey;
  readonly version: string;
  readonly index: Index;
  /** What in it could be a code. */
  readonly digits: readonly string[];
  /** What all who load this version share. */
  readonly body: object;
}

/** One commit as it was applied, with all that is needed to take it back. */
export interface Entry {
  readonly shard: Shard;
  readonly epoch: number;
  readonly seq: number;
  readonly at: UnixMs;
  readonly change: ChangeSet;
  readonly before: ReadonlyMap<string, Row | undefined>;
  readonly after: ReadonlyMap<string, Row | undefined>;
}

/** What stands there by another's hand; undefined: nothing. */
interface Forged {
  readonly how: Edit;
  readonly row: Row | undefined;
}

interface ShardState {
  epoch: number;
  readonly rows: Map<string, Row>;
  log: Entry[];
  /** So many entries of the log are on a replica: a failover keeps them. */
  durable: number;
  readonly changes: Map<string, number>;
  /** On top of the rows. A commit that replaces such a row is over it. */
  readonly forged: Map<string, Forged>;
  /** Entries before the first of the log. */
  readonly base: number;
}

/** What a store must do; a planted bug turns one off. */
export interface ClusterRules {
  /** Whether the version of this entity is compared in the commit. */
  readonly compares: (key: EntityKey) => boolean;
  readonly comparesEpoch: boolean;
  readonly comparesTime: boolean;
  /** All writes of a change set, or none. */
  readonly atomic: boolean;
  /** Nothing is shown to a reader that a failover could take back. */
  readonly showsDurable: boolean;
  /** "committed" is said of what a replica has. */
  readonly waits: boolean;
  /** A failover is told by a new epoch. */
  readonly countsEpochs: boolean;
  readonly outcomeTells: "the truth" | "absent" | "committed";
  /** Whether such a row of another's hand passes for the core's own. */
  readonly believes: (how: Edit) => boolean;
}

export const SOUND: ClusterRules = {
  compares: () => true,
  comparesEpoch: true,
  comparesTime: true,
  atomic: true,
  showsDurable: true,
  waits: true,
  countsEpochs: true,
  outcomeTells: "the truth",
  believes: () => false,
};

/** Hears of every commit when it is applied, and when a failover takes it back. */
export interface Witness {
  applied(entry: Entry): void;
  undone(entry: Entry): void;
}

/** A commit as it was asked for, and what it came to. */
export interface Asked {
  readonly shard: Shard;
  readonly change: ChangeSet;
  readonly at: UnixMs;
  readonly came: "committed" | "conflict" | "late";
}

export class Cluster {
  now: UnixMs;
  /** All commits in the order in which they came to the store: the same ones may be asked of another. */
  readonly asked: Asked[] = [];
  readonly #shards = new Map<Shard, ShardState>();
  readonly #rules: ClusterRules;
  readonly #witness: Witness | undefined;

  constructor(now: UnixMs, rules: ClusterRules = SOUND, witness?: Witness) {
    this.now = now;
    this.#rules = rules;
    this.#witness = witness;
  }

  /** The same state and past, for another life. */
  static from(template: Cluster, rules: ClusterRules, witness: Witness): Cluster {
    const made = new Cluster(template.now, rules, witness);
    made.asked.push(...template.asked);
    for (const [shard, state] of template.#shards) {
      const { rows, log, changes } = state;
      made.#shards.set(shard, {
        ...state,
        rows: new Map(rows),
        log: [...log],
        changes: new Map(changes),
        forged: new Map(),
      });
    }
    return made;
  }

  /** What has been committed so far is on every replica, and nobody asks for it any more. */
  settle(): void {
    for (const [shard, { epoch, rows, log, base }] of this.#shards) {
      const none = { log: [], durable: 0, changes: new Map(), forged: new Map() };
      this.#shards.set(shard, { epoch, rows, ...none, base: base + log.length });
    }
  }

  load<const K extends readonly EntityKey[]>(shard: Shard, keys: K): Loaded<K> {
    const state = this.#of(shard);
    if (this.#rules.showsDurable) state.durable = state.log.length;
    const entities = keys.map((key): LoadedEntity<EntityType> => {
      checkKey(key);
      const row = this.#seen(state, nameOf(key));
      if (row === undefined) return { key, version: "", body: undefined };
      return { key, version: row.version, body: row.body as never };
    });
    return { entities: entities as Loaded<K>["entities"], epoch: state.epoch, now: this.now };
  }

  /** The row as it stands on the disk, if it is believed. Throws IntegrityError for another's hand. */
  #seen(state: ShardState, name: string): Row | undefined {
    const forged = state.forged.get(name);
    if (forged === undefined || this.#rules.believes(forged.how)) return this.#standing(state, name);
    throw new IntegrityError(`${name.split("\0")[0]}: the row is not the one that the core wrote last`);
  }

  /** What a commit compares with: the core's own rows, but for forged ones that pass for such. */
  #standing(state: ShardState, name: string): Row | undefined {
    const forged = state.forged.get(name);
    return forged !== undefined && this.#rules.believes(forged.how) ? forged.row : state.rows.get(name);
  }

  /** Somebody writes past all ports into the n-th row of the shard; `better` is what he wants to stand in it. */
  forge(shard: Shard, n: number, how: Edit, better: (row: Row) => object | undefined): Row | undefined {
    const state = this.#of(shard);
    const rows = [...state.rows.values()];
    const row = rows[n % rows.length];
    if (row === undefined) return undefined;
    const name = nameOf(row.key);
    const other = rows.find(({ key, body }) => key.type === row.key.type && body !== row.body);
    const older = state.log.findLast(({ before }) => before.get(name) !== undefined)?.before.get(name);
    const source = { older: older?.body, other: other?.body, better: better(row), gone: undefined }[how];
    if (source === undefined && how !== "gone") return undefined;
    const version = how === "older" ? (older?.version ?? "") : row.version;
    const forged = source === undefined ? undefined : { ...row, version, body: source };
    state.forged.set(name, { how, row: forged });
    return row;
  }

  /** Whether somebody wrote there past the core. */
  isForged(shard: Shard): boolean {
    return (this.#shards.get(shard)?.forged.size ?? 0) > 0;
  }

  /** Applies it on the master; whether a replica has it is another matter. An Entry: it was applied. */
  commit(shard: Shard, change: ChangeSet, bodies: readonly (Snapshot | undefined)[]): Entry | "conflict" | "late" {
    const entry = this.#commit(shard, change, bodies);
    this.asked.push({ shard, change, at: this.now, came: typeof entry === "string" ? entry : "committed" });
    return entry;
  }

  #commit(shard: Shard, change: ChangeSet, bodies: readonly (Snapshot | undefined)[]): Entry | "conflict" | "late" {
    const state = this.#of(shard);
    if (this.#rules.comparesEpoch && change.epoch !== state.epoch) return "conflict";
    for (const { key, expected } of [...change.writes, ...(change.reads ?? [])]) {
      const version = this.#standing(state, nameOf(key))?.version ?? "";
      if (version !== expected && this.#rules.compares(key)) return "conflict";
    }
    const { notBefore = this.now, notAfter = this.now } = change;
    if (this.#rules.comparesTime && (this.now < notBefore || this.now > notAfter)) return "late";
    return this.#apply(shard, state, change, bodies);
  }

  #apply(shard: Shard, state: ShardState, change: ChangeSet, bodies: readonly (Snapshot | undefined)[]): Entry {
    const seq = state.base + state.log.length + 1;
    const before = new Map<string, Row | undefined>();
    const after = new Map<string, Row | undefined>();
    const writes = this.#rules.atomic ? change.writes : change.writes.slice(0, 1);
    writes.forEach(({ key, index }, i) => {
      const made = bodies[i];
      const name = nameOf(key);
      before.set(name, state.rows.get(name));
      after.set(name, made && { key, version: String(seq), index: storedIndex(index), ...made });
    });
    put(state.rows, after);
    for (const name of after.keys()) state.forged.delete(name);
    const entry = { shard, epoch: state.epoch, seq, at: this.now, change, before, after };
    state.log.push(entry);
    state.changes.set(change.changeId, seq);
    this.#witness?.applied(entry);
    return entry;
  }

  /** A replica has it and all before it; false: a failover was faster. */
  replicate(entry: Entry): boolean {
    const state = this.#of(entry.shard);
    if (!this.#rules.waits) return true;
    if (state.changes.get(entry.change.changeId) !== entry.seq) return false;
    state.durable = Math.max(state.durable, entry.seq - state.base);
    return true;
  }

  outcome(shard: Shard, changeId: string): "committed" | "absent" {
    const { outcomeTells } = this.#rules;
    if (outcomeTells !== "the truth") return outcomeTells;
    const state = this.#of(shard);
    const seq = state.changes.get(changeId);
    if (seq === undefined) return "absent";
    if (this.#rules.waits) state.durable = Math.max(state.durable, seq - state.base);
    return "committed";
  }

  /** The master is lost and a replica goes on, under the next epoch. Returns how many commits were lost. */
  failover(shard: Shard): number {
    const state = this.#of(shard);
    const lost = state.log.splice(state.durable);
    for (const entry of lost.toReversed()) {
      put(state.rows, entry.before);
      state.changes.delete(entry.change.changeId);
      this.#witness?.undone(entry);
    }
    if (this.#rules.countsEpochs) state.epoch += 1;
    return lost.length;
  }

  get shards(): readonly Shard[] {
    return [...this.#shards.keys()];
  }

  epochOf(shard: Shard): number {
    return this.#of(shard).epoch;
  }

  /** Past all ports: for who looks at the world from outside. */
  row(shard: Shard, key: EntityKey): Row | undefined {
    return this.#shards.get(shard)?.rows.get(nameOf(key));
  }

  *rows(): Generator<{ readonly shard: Shard; readonly row: Row }> {
    for (const [shard, { rows }] of this.#shards) for (const row of rows.values()) yield { shard, row };
  }

  found(matches: (index: Index) => boolean, order: (index: Index) => number): Found[] {
    return [...this.rows()]
      .filter(({ row }) => matches(row.index))
      .toSorted((a, b) => order(a.row.index) - order(b.row.index))
      .map(({ shard, row }) => ({ shard, key: row.key }));
  }

  owned(shard: Shard, matches: (row: Row) => boolean): Row[] {
    return [...this.#of(shard).rows.values()].filter(matches);
  }

  audit(shard: Shard): AuditEntry[] {
    let previous = GENESIS;
    return this.#of(shard).log.map(({ epoch, seq, at, change, after }) => {
      const versions = change.writes.map(
        ({ key }) => [key.type, key.tenant, key.id, after.get(nameOf(key))?.version ?? ""] as const,
      );
      const events = structuredClone(change.audit);
      const content: EntryContent = { shard, epoch, seq, at, changeId: change.changeId, events, versions };
      const hash = hashEntry(previous, encodeEntry(content));
      const entry = { ...content, previous, hash };
      previous = hash;
      return entry;
    });
  }

  #of(shard: Shard): ShardState {
    checkShard(shard);
    let state = this.#shards.get(shard);
    if (state === undefined) {
      state = { epoch: 1, rows: new Map(), log: [], durable: 0, changes: new Map(), forged: new Map(), base: 0 };
      this.#shards.set(shard, state);
    }
    return state;
  }
}

/** A change set's bodies as they are stored; throws TypeError when it breaks a rule. */
export function snapshotsOf(shard: Shard, change: ChangeSet): readonly (Snapshot | undefined)[] {
  checkChangeSet(shard, change);
  return change.writes.map(({ body }) => (body === undefined ? undefined : snapshotOf(body)));
}

function put(rows: Map<string, Row>, changed: ReadonlyMap<string, Row | undefined>): void {
  for (const [name, row] of changed) {
    if (row === undefined) rows.delete(name);
    else rows.set(name, row);
  }
}
