import type { Bodies, EntityKey, EntityType, Shard, UnixMs } from "./entity.ts";

/** An entity as loaded. `version` is opaque; "" means that it does not exist, and `body` is undefined then. */
export interface LoadedEntity<T extends EntityType> {
  readonly key: EntityKey<T>;
  readonly version: string;
  readonly body: Bodies[T] | undefined;
}

type TypeOf<K> = K extends EntityKey<infer T> ? T : never;

/** Entities of one shard, in the order asked for, read at one moment. */
export interface Loaded<K extends readonly EntityKey[]> {
  readonly entities: { readonly [I in keyof K]: LoadedEntity<TypeOf<K[I]>> };
  /** The shard's epoch; a change set carries it back. */
  readonly epoch: number;
  /** The store's clock at this moment. */
  readonly now: UnixMs;
}

/** How an entity is found again without knowing its id. All of it is under the entity's MAC. */
export interface Index {
  /** Whose: `list` finds it by type and owner, newest `sort` first. */
  readonly owner?: string;
  readonly sort?: number;
  /** `due` finds it from this moment on. */
  readonly due?: UnixMs;
  /** `lane` finds it while set: the identity of the bot that has to act on it. */
  readonly lane?: string;
}

/** One entity to be written: `expected` is the version that was loaded ("" = must not exist); body undefined deletes. */
export interface Write<T extends EntityType = EntityType> {
  readonly key: EntityKey<T>;
  readonly expected: string;
  readonly body: Bodies[T] | undefined;
  readonly index?: Index;
}

/** A write of any type whose body fits its key. */
export type AnyWrite = { [T in EntityType]: Write<T> }[EntityType];

/** An entity that a change rests on without writing it. `expected`: the version that was loaded ("" = must not exist). */
export interface Read {
  readonly key: EntityKey;
  readonly expected: string;
}

/** What happened, for the audit chain. Holds no code, PIN or token; `detail` is plain JSON data. */
export interface AuditDraft {
  /** Dotted past tense: "transaction.created", "statement.refused". */
  readonly event: string;
  readonly tenant: string;
  /** Who did it: "core", "app:ID", "bot:ID", "user:ID", "key:ID", "client". */
  readonly actor: string;
  /** What it happened to: "transaction:ID". */
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** 32 lower-case hexadecimal digits, drawn by the caller: asks `outcome` after "unknown". */
export type ChangeId = string;

/** All or nothing, in one shard. */
export interface ChangeSet {
  readonly changeId: ChangeId;
  readonly epoch: number;
  /** The store's clock must not be before / after these at the commit: else "late". */
  readonly notBefore?: UnixMs;
  readonly notAfter?: UnixMs;
  readonly writes: readonly AnyWrite[];
  /** Other entities that must stand as they were loaded: "conflict" if one of them moved. */
  readonly reads?: readonly Read[];
  /** Every commit appends to the shard's chain. */
  readonly audit: readonly [AuditDraft, ...AuditDraft[]];
}

export type CommitOutcome = "committed" | "conflict" | "late" | "unknown";

/** Which part of an owner's entities. The tenant is asked for because two tenants may have users of one name in one shard. */
export interface Page {
  readonly tenant: EntityKey["tenant"];
  readonly before?: number;
  readonly limit: number;
}

/** A found entity. Only its key is worth anything before it is loaded: load alone checks what the index says. */
export interface Found<T extends EntityType = EntityType> {
  readonly shard: Shard;
  readonly key: EntityKey<T>;
}

/** One entry of a shard's audit chain. hash = SHA-256(prefix ‖ previous hash ‖ canonical entry); docs/protocol/audit.md. */
export interface AuditEntry {
  readonly shard: Shard;
  readonly epoch: number;
  readonly seq: number;
  readonly at: UnixMs;
  readonly changeId: ChangeId;
  readonly events: readonly AuditDraft[];
  /** Type, tenant, id and new version of everything the commit wrote: what a rolled-back entity is measured against. */
  readonly versions: readonly (readonly [EntityType, string, string, string])[];
  readonly previous: Uint8Array;
  readonly hash: Uint8Array;
}

/** An entity whose MAC is bad or absent, or whose version is not its last in the audit chain. Fail closed, alarm. */
export class IntegrityError extends Error {
  override readonly name = "IntegrityError";
}

/** The disk or memory is full: nothing was written, later calls may succeed. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
}

/** After an I/O error the store knows no longer what is on the disk: it refuses everything until it is opened again. */
export class StoreStoppedError extends Error {
  override readonly name = "StoreStoppedError";
}

/** The store cannot be reached, or cannot say: nothing is known of what was asked. Later calls may succeed. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

/**
 * Told which entities were written. With `epochBegan` nothing of them was: this core began a new epoch in the shard, and they
 * are what waits there for a moment of its own, so every open transaction; whatever they say of the old epoch is over.
 */
export type StoreListener = (shard: Shard, keys: readonly EntityKey[], epochBegan?: true) => void;

/**
 * Durable entities under optimistic versions, one shard a call, with an audit chain a shard.
 *
 * What `load`, `list`, `audit` and `outcome` answer stays so, as a "committed" change does: no crash, and no failover among
 * the servers that a change must reach before it counts, takes back what a reader was told. Where a change of another core
 * has not got so far, the call waits for it, and rejects with StoreUnavailableError where that takes too long. `due`,
 * `nextDue`, `lane` and hints may be ahead of that: they give keys only, and who acts on a key loads it first.
 *
 * Every call of a commit is atomic and durable when it resolves "committed". "conflict": a version or the epoch moved,
 * nothing written, load again. "late": the store's clock is outside notBefore..notAfter, nothing written. "unknown":
 * the store cannot say; ask `outcome` before answering anybody. Load and commit reject with IntegrityError, commit also
 * with StoreFullError; every call but commit with StoreUnavailableError, where the store is elsewhere; TypeError for a change set that breaks the rules of docs/protocol/store.md section 4.
 */
export interface Store {
  load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>>;
  commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome>;
  outcome(shard: Shard, changeId: ChangeId): Promise<"committed" | "absent">;
  /**
   * Keys of one owner's entities of a type in one tenant, `sort` descending, below `before` if given. A page is never cut
   * between equal `sort`s: it may be longer than `limit` by those.
   */
  list<T extends EntityType>(shard: Shard, type: T, owner: string, page: Page): Promise<EntityKey<T>[]>;
  /** Entities whose `due` has come, earliest first, over the shards this core works on. */
  due(until: UnixMs, limit: number): Promise<Found[]>;
  /** The earliest `due` of all, or undefined. */
  nextDue(): Promise<UnixMs | undefined>;
  /** Entities that wait in a lane, oldest `sort` first. */
  lane(lane: string, limit: number): Promise<Found[]>;
  /** A hint after each commit; who acts on it loads again. Returns the unsubscriber. */
  subscribe(listener: StoreListener): () => void;
  /** Audit entries of a shard from `fromSeq` on, in order. */
  audit(shard: Shard, fromSeq: number, limit: number): Promise<AuditEntry[]>;
  /** The store's clock. */
  now(): UnixMs;
  close(): Promise<void>;
}
