// One group of change sets, committed together and durable together; each fails alone. docs/protocol/store.md section 5.
import { encodeEntry, hashEntry } from "../audit/audit-entry.ts";
import { nodeOf } from "../audit/chain-heads.ts";
import type { StoredBody } from "./body-codec.ts";
import type { Buggify } from "./crash-point.ts";
import { written, type EntityCache, type VerifiedEntity } from "./entity-cache.ts";
import type { EntityType, Shard, UnixMs } from "./entity.ts";
import type { EntityMac } from "./entity-mac.ts";
import { blameOf } from "./sqlite-database.ts";
import { rowOfWrite, type Statements } from "./sqlite-schema.ts";
import type { WitnessState } from "./shard-witness.ts";
import type { ShardTruth, StoredHead, StoreTruth } from "./store-truth.ts";
import { IntegrityError, type AnyWrite, type ChangeSet, type CommitOutcome, type Index } from "./store.ts";
import type { Place } from "./witness-table.ts";

/** A write with all that can be prepared before its turn. */
export interface PreparedWrite {
  readonly write: AnyWrite;
  /** Under which it is kept in memory. */
  readonly name: string;
  /** What was kept there; perhaps another version than the one that is replaced. */
  readonly known: VerifiedEntity | undefined;
  readonly place: Place;
  /** Undefined deletes. */
  readonly stored: StoredBody | undefined;
  readonly index: Index;
}

/** A change set that waits for its group. */
export interface PreparedChange {
  readonly shard: Shard;
  readonly change: ChangeSet;
  readonly writes: readonly PreparedWrite[];
  readonly reads: readonly { readonly expected: string; readonly place: Place }[];
}

/** What groups work on. */
export interface GroupGiven {
  readonly sql: Statements;
  readonly truth: StoreTruth;
  readonly cache: EntityCache;
  readonly mac: EntityMac;
  /** A shard's witness is stored when so many of its entities changed. */
  readonly freshEntities: number;
  readonly buggify: Buggify;
  readonly inTransaction: () => boolean;
}

const FOREIGN_ROW =
  "the store holds a row that its audit chain does not know, where this change belongs; run verify-audit";

/** What is loaded again only where a call is repeated: reservations, contents, verdicts. Memory is better used for others. */
function isSeldomLoaded(type: EntityType, { due }: Index): boolean {
  return type === "request" || type === "content" || (type === "judged" && due === undefined);
}

/** A change that met a wrong row when some of it may have been written: its group is undone, and done again without it. */
export class SpoiledError extends Error {
  override readonly name = "SpoiledError";
  override readonly cause: IntegrityError;
  constructor(cause: IntegrityError) {
    super(cause.message);
    this.cause = cause;
  }
}

/**
 * Applies changes one after the other in one transaction. The truth in memory moves with them, so that a later change of
 * the group sees the earlier ones; `undo` takes all of it back.
 *
 * A change is judged before anything of it is written. What fails afterwards are rows that somebody else altered: too
 * seldom for a savepoint around every change, each of which would copy the pages that the next one touches.
 */
export class SqliteGroup {
  readonly #given: GroupGiven;
  readonly #now: UnixMs;
  readonly #oldGeneration: number;
  readonly #oldNumber: number;
  #wrote = false;
  readonly #old = new Map<
    ShardTruth,
    { readonly head: StoredHead; readonly savedSeq: number; readonly witness: WitnessState }
  >();
  readonly #oldVersions: (readonly [shard: ShardTruth, place: Place, version: number, row: number])[] = [];
  readonly #verified: (readonly [string, VerifiedEntity | undefined])[] = [];

  constructor(given: GroupGiven, now: UnixMs) {
    this.#given = given;
    this.#now = now;
    this.#oldGeneration = given.truth.generation;
    this.#oldNumber = given.truth.number;
  }

  /** Whether any change of the group wrote something. */
  get wrote(): boolean {
    return this.#wrote;
  }

  /**
   * The outcome of one change, or the error that it alone met. Throws SpoiledError, and what the whole group, or the store,
   * met: then the group is over.
   */
  apply(prepared: PreparedChange): CommitOutcome | IntegrityError {
    const { truth, buggify, inTransaction } = this.#given;
    let shard: ShardTruth;
    let refusal: CommitOutcome | undefined;
    try {
      shard = truth.of(prepared.shard);
      refusal = this.#refusal(shard, prepared);
    } catch (error) {
      if (error instanceof IntegrityError) return error;
      throw error;
    }
    if (refusal !== undefined) return refusal;
    buggify("change-begun");
    if (!this.#old.has(shard)) {
      this.#old.set(shard, { head: shard.head, savedSeq: shard.savedSeq, witness: shard.witness.state });
    }
    try {
      this.#write(shard, prepared);
    } catch (error) {
      if (!(error instanceof IntegrityError) && blameOf(error) !== "change") throw error;
      if (!inTransaction()) throw error; // SQLite rolled the whole group back by itself
      throw new SpoiledError(
        error instanceof IntegrityError ? error : new IntegrityError(FOREIGN_ROW, { cause: error }),
      );
    }
    this.#wrote = true;
    buggify("change-written");
    return "committed";
  }

  /** Leaves out a change that was spoiled. Its number goes with it: a planted row that bears it is in nobody else's way. */
  pass(): void {
    this.#given.truth.nextNumber();
  }

  /** Writes what the group's changes have in common: witnesses that grew old, heads, root. */
  finish(): void {
    const { sql, truth, buggify, freshEntities } = this.#given;
    const nodes = new Set<number>();
    for (const shard of this.#old.keys()) {
      nodes.add(nodeOf(shard.shard));
      if (shard.witness.fresh >= freshEntities) truth.saveWitness(shard);
    }
    for (const node of nodes) sql.putHead.run(node, ...truth.node(node));
    sql.putRoot.run(...truth.nextRoot());
    buggify("heads-written");
  }

  /** The group is durable: later loads may take its entities from memory. */
  keep(): void {
    for (const [name, entity] of this.#verified) {
      if (entity === undefined) this.#given.cache.delete(name);
      else this.#given.cache.set(name, entity);
    }
  }

  /** The group came to nothing: the truth is as it was before. */
  undo(): void {
    const { truth } = this.#given;
    for (const [shard, { head, savedSeq, witness }] of this.#old) {
      truth.setHead(shard, head);
      shard.savedSeq = savedSeq;
      shard.witness.restore(witness);
    }
    for (const [shard, place, version, row] of this.#oldVersions.toReversed()) shard.witness.set(place, version, row);
    truth.undoTo(this.#oldGeneration, this.#oldNumber);
  }

  #refusal(shard: ShardTruth, { change, writes, reads }: PreparedChange): CommitOutcome | undefined {
    if (change.epoch !== shard.head.epoch) return "conflict";
    for (const { write, place } of writes) {
      if (write.expected !== versionText(shard.witness.find(place).version)) return "conflict";
    }
    for (const { expected, place } of reads) {
      if (expected !== versionText(shard.witness.find(place).version)) return "conflict";
    }
    if (this.#now < (change.notBefore ?? this.#now) || this.#now > (change.notAfter ?? this.#now)) return "late";
    return undefined;
  }

  #write(shard: ShardTruth, prepared: PreparedChange): void {
    const { sql, truth, buggify } = this.#given;
    const { epoch, seq: lastSeq, hash: previous, number: previousNumber } = shard.head;
    const seq = lastSeq + 1;
    const number = truth.nextNumber();
    prepared.writes.forEach((one, i) => this.#writeEntity(shard, one, seq, rowOfWrite(number, i)));
    buggify("entities-written");
    const version = String(seq);
    const text = encodeEntry({
      shard: shard.shard,
      epoch,
      seq,
      at: this.#now,
      changeId: prepared.change.changeId,
      events: prepared.change.audit,
      versions: prepared.writes.map(({ write: { key }, stored }) => [
        key.type,
        key.tenant,
        key.id,
        stored === undefined ? "" : version,
      ]),
    });
    const hash = hashEntry(previous, text);
    sql.insertAudit.run(number, shard.shard, seq, previousNumber, text, hash);
    buggify("audit-written");
    truth.setHead(shard, { epoch, seq, hash, number });
  }

  #writeEntity(shard: ShardTruth, prepared: PreparedWrite, version: number, newRow: number): void {
    const { sql } = this.#given;
    const { write, name, known, place, stored, index } = prepared;
    const { type, tenant, id } = write.key;
    const { version: expected, row: oldRow } = shard.witness.find(place);
    const row = expected === 0 ? newRow : oldRow;
    let changed: number | bigint;
    if (stored === undefined) {
      changed = sql.deleteEntity.run(row, expected).changes;
    } else {
      const { text } = stored;
      const mac = this.#given.mac.of(shard.shard, write.key, version, index, text);
      const { owner = null, sort = null, due = null, lane = null } = index;
      if (expected === 0) {
        changed = sql.insertEntity.run(
          row,
          shard.shard,
          type,
          tenant,
          id,
          version,
          owner,
          sort,
          due,
          lane,
          text,
          mac,
        ).changes;
      } else if (isSameIndex(known, expected, index)) {
        // naming an indexed column in an UPDATE moves its index entry even when the value stays
        changed = sql.updateBody.run(version, text, mac, row, expected).changes;
      } else {
        changed = sql.updateEntity.run(version, owner, sort, due, lane, text, mac, row, expected).changes;
      }
    }
    if (changed !== 1) {
      throw new IntegrityError(
        `${type} ${id}: its row is not at version ${expected}, which the audit chain names last`,
      );
    }
    this.#oldVersions.push([shard, place, expected, row]);
    shard.witness.set(place, stored === undefined ? 0 : version, row);
    const kept = stored !== undefined && !isSeldomLoaded(type, index);
    this.#verified.push([name, kept ? written(place, version, stored, index) : undefined]);
  }
}

/** Versions as the port shows them: "" for none. */
export function versionText(version: number): string {
  return version === 0 ? "" : String(version);
}

function isSameIndex(known: VerifiedEntity | undefined, version: number, index: VerifiedEntity["index"]): boolean {
  if (known?.version !== version) return false;
  const { owner, sort, due, lane } = known.index;
  return owner === index.owner && sort === index.sort && due === index.due && lane === index.lane;
}
