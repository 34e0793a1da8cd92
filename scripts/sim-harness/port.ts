import type { EntityKey, EntityType, Shard, UnixMs } from "../../core/server/src/store/entity.ts";
import {
  StoreFullError,
  type AuditEntry,
  type ChangeSet,
  type CommitOutcome,
  type Found,
  type Loaded,
  type Page,
  type Store,
} from "../../core/server/src/store/store.ts";
import { snapshotsOf, type Cluster, type Entry } from "./cluster.ts";
import type { Fate, Scheduler } from "./scheduler.ts";

type Listener = (shard: Shard, keys: readonly EntityKey[]) => void;

/** Of 1000 operations of a kind, so many meet with this. */
export interface StoreFaults {
  /** The answer is on its way while others act. */
  readonly slow: number;
  /** A commit of which the store cannot say whether it happened; it did. */
  readonly unknownDid: number;
  /** The same; it did not. */
  readonly unknownNot: number;
  readonly full: number;
}

export interface PortOptions {
  readonly cluster: Cluster;
  readonly scheduler: Scheduler;
  /** The core that holds this end. */
  readonly owner: string;
  readonly faults: StoreFaults;
  /** So far is the clock that this core reads by itself from the store's. */
  readonly skewMs: number;
  /** Other ends of the same store hear of a commit later, if ever. */
  readonly tell: (shard: Shard, keys: readonly EntityKey[], from: string) => void;
}

/** One core's end of the simulated store. */
export class StorePort implements Store {
  readonly #of: PortOptions;
  readonly #listeners = new Set<Listener>();

  constructor(options: PortOptions) {
    this.#of = options;
  }

  load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    const what = keys.map(({ type }) => type).join(" ");
    return this.#ask(`load ${shard} ${what}`, () => this.#of.cluster.load(shard, keys));
  }

  async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    const bodies = snapshotsOf(shard, change);
    const { scheduler, owner, cluster, faults } = this.#of;
    const what = `commit ${shard} ${change.audit.map(({ event }) => event).join(" ")}`;
    return new Promise((resolve, reject) => {
      scheduler.add(owner, what, (fate) => {
        const { unknownNot, unknownDid, full, slow } = faults;
        if (fate < full) return this.#answer("full", () => reject(new StoreFullError("no room")));
        if (fate < full + unknownNot) return this.#answer("unknown", () => resolve("unknown"));
        const entry = cluster.commit(shard, change, bodies);
        if (typeof entry === "string") return this.#answer(entry, () => resolve(entry));
        const said = (): void => this.#say(entry, resolve);
        const unknown = fate < full + unknownNot + unknownDid;
        if (unknown) return this.#answer("unknown, applied", () => resolve("unknown"));
        if (fate < full + unknownNot + unknownDid + slow) scheduler.add(owner, `answer ${what}`, said, true);
        else said();
      });
    });
  }

  #say(entry: Entry, resolve: (outcome: CommitOutcome) => void): void {
    const outcome = this.#of.cluster.replicate(entry) ? "committed" : "unknown";
    this.#of.scheduler.note(`  ${outcome}`);
    const keys = entry.change.writes.map(({ key }) => key);
    for (const listener of this.#listeners) queueMicrotask(() => listener(entry.shard, keys));
    this.#of.tell(entry.shard, keys, this.#of.owner);
    resolve(outcome);
  }

  #answer(line: string, tell: () => void): void {
    this.#of.scheduler.note(`  ${line}`);
    tell();
  }

  outcome(shard: Shard, changeId: string): Promise<"committed" | "absent"> {
    return this.#ask(`outcome ${shard}`, () => this.#of.cluster.outcome(shard, changeId));
  }

  list<T extends EntityType>(shard: Shard, type: T, owner: string, page: Page): Promise<EntityKey<T>[]> {
    return this.#ask(`list ${shard} ${type}`, () => {
      const below = page.before ?? Infinity;
      const rows = this.#of.cluster
        .owned(shard, ({ key, index }) => key.type === type && key.tenant === page.tenant && index.owner === owner)
        .filter(({ index }) => (index.sort ?? 0) < below)
        .toSorted((a, b) => (b.index.sort ?? 0) - (a.index.sort ?? 0) || (a.key.id < b.key.id ? -1 : 1));
      const last = rows[page.limit - 1]?.index.sort ?? 0;
      const shown = rows.filter(({ index }, i) => i < page.limit || (index.sort ?? 0) === last);
      return shown.map(({ key }) => key as EntityKey<T>);
    });
  }

  due(until: UnixMs, limit: number): Promise<Found[]> {
    return this.#ask("due", () =>
      this.#of.cluster
        .found(
          ({ due }) => due !== undefined && due <= until,
          ({ due = 0 }) => due,
        )
        .slice(0, limit),
    );
  }

  nextDue(): Promise<UnixMs | undefined> {
    return this.#ask("next due", () => nextDueOf(this.#of.cluster));
  }

  lane(lane: string, limit: number): Promise<Found[]> {
    return this.#ask("lane", () =>
      this.#of.cluster
        .found(
          (index) => index.lane === lane,
          ({ sort = 0 }) => sort,
        )
        .slice(0, limit),
    );
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A hint that came from another core. */
  hint(shard: Shard, keys: readonly EntityKey[]): void {
    for (const listener of this.#listeners) listener(shard, keys);
  }

  audit(shard: Shard, fromSeq: number, limit: number): Promise<AuditEntry[]> {
    return this.#ask("audit", () =>
      this.#of.cluster
        .audit(shard)
        .slice(Math.max(0, fromSeq - 1))
        .slice(0, limit),
    );
  }

  now(): UnixMs {
    return this.#of.cluster.now + this.#of.skewMs;
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  /** Asks the store, at a moment of the schedule's choice. */
  #ask<T>(name: string, read: () => T): Promise<T> {
    const { scheduler, owner, faults } = this.#of;
    return new Promise((resolve, reject) => {
      scheduler.add(owner, name, (fate: Fate) => {
        try {
          const found = read();
          if (fate < faults.slow) scheduler.add(owner, `answer ${name}`, () => resolve(found));
          else resolve(found);
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}

/** The earliest moment at which something wants to be looked at; in shards that may stand still nothing does. */
export function nextDueOf(cluster: Cluster, mayStandStill?: (shard: Shard) => boolean): UnixMs | undefined {
  let next: UnixMs | undefined;
  for (const { shard, row } of cluster.rows()) {
    const { due } = row.index;
    if (due !== undefined && mayStandStill?.(shard) === true) continue;
    if (due !== undefined && (next === undefined || due < next)) next = due;
  }
  return next;
}
