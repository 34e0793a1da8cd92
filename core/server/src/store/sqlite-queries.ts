import { equalBytes } from "@countersign/protocol";
import { decodeEntry, GENESIS, hashEntry } from "../audit/audit-entry.ts";
import type { EntityKey, EntityType, Shard, UnixMs } from "./entity.ts";
import { positionOf, type Statements } from "./sqlite-schema.ts";
import type { StoreTruth } from "./store-truth.ts";
import { IntegrityError, type AuditEntry, type Found, type Page } from "./store.ts";

/** Whatever finds keys without loading entities. Index columns are only hints until `load` has checked the row. */
export class SqliteQueries {
  readonly #sql: Statements;
  readonly #truth: StoreTruth;

  constructor(sql: Statements, truth: StoreTruth) {
    this.#sql = sql;
    this.#truth = truth;
  }

  list<T extends EntityType>(shard: Shard, type: T, owner: string, { tenant, before, limit }: Page): EntityKey<T>[] {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    const rows = this.#sql.list.all(shard, type, tenant, owner, below, limit);
    const ids = rows.map((row) => row["id"] as string);
    const last = rows.at(-1)?.["sort"];
    if (rows.length === limit && typeof last === "number") {
      const ties = this.#sql.listTies.all(shard, type, tenant, owner, last).map((row) => row["id"] as string);
      ids.push(...ties.filter((id) => !ids.includes(id)));
    }
    return ids.map((id) => ({ type, tenant, id }));
  }

  due(until: UnixMs, limit: number): Found[] {
    return this.#sql.due.all(until, limit).map(foundOf);
  }

  nextDue(): UnixMs | undefined {
    return (this.#sql.nextDue.get()?.["due"] as number | null | undefined) ?? undefined;
  }

  lane(lane: string, limit: number): Found[] {
    return this.#sql.lane.all(lane, limit).map(foundOf);
  }

  outcome(shard: Shard, changeId: string): "committed" | "absent" {
    const { seq } = this.#truth.of(shard).head;
    const row = this.#sql.outcome.get(positionOf(shard, 1), positionOf(shard, seq), changeId);
    return row === undefined ? "absent" : "committed";
  }

  /** Each entry's hash is computed again; the last of the chain must be the head. */
  audit(shard: Shard, fromSeq: number, limit: number): AuditEntry[] {
    const { head } = this.#truth.of(shard);
    const first = Math.max(1, fromSeq);
    const last = Math.min(head.seq, first + limit - 1);
    if (last < first) return [];
    let previous = first === 1 ? GENESIS : this.#hashAt(shard, first - 1);
    const entries: AuditEntry[] = [];
    for (const row of this.#sql.selectAudit.all(positionOf(shard, first), positionOf(shard, last))) {
      const text = row["entry"] as string;
      const hash = hashEntry(previous, text);
      const entry = { ...decodeEntry(text), previous, hash };
      const seq = first + entries.length;
      if (!equalBytes(hash, row["hash"] as Uint8Array) || entry.seq !== seq) throw broken(shard, seq);
      entries.push(entry);
      previous = hash;
    }
    if (entries.length !== last - first + 1) throw broken(shard, first + entries.length);
    if (last === head.seq && !equalBytes(previous, head.hash)) throw broken(shard, last);
    return entries;
  }

  #hashAt(shard: Shard, seq: number): Uint8Array {
    const at = positionOf(shard, seq);
    const hash = this.#sql.selectAudit.get(at, at)?.["hash"];
    if (!(hash instanceof Uint8Array)) throw broken(shard, seq);
    return hash;
  }
}

function foundOf(row: Readonly<Record<string, unknown>>): Found {
  const key: EntityKey = { type: row["type"] as EntityType, tenant: row["tenant"] as string, id: row["id"] as string };
  return { shard: row["shard"] as Shard, key };
}

function broken(shard: Shard, seq: number): IntegrityError {
  return new IntegrityError(`audit chain of shard ${shard} is broken at entry ${seq}; run verify-audit`);
}
