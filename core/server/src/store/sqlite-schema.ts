// Tables and statements of the embedded store. docs/protocol/store.md section 5.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Shard } from "./entity.ts";

/** PRAGMA user_version of the schema below; a change of it comes with a migration from each older one. */
export const SCHEMA_VERSION = 1;

/** PRAGMA application_id: "CSGN". */
export const APPLICATION_ID = 0x4353474e;

export const SCHEMA = `
  CREATE TABLE entity (
    shard INTEGER NOT NULL, type TEXT NOT NULL, tenant TEXT NOT NULL, id TEXT NOT NULL,
    version INTEGER NOT NULL,
    owner TEXT, sort INTEGER, due INTEGER, lane TEXT,
    body TEXT NOT NULL, mac BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entity_key ON entity (shard, type, tenant, id);
  CREATE INDEX entity_owner ON entity (shard, type, tenant, owner, sort, id) WHERE owner IS NOT NULL;
  CREATE INDEX entity_due ON entity (due) WHERE due IS NOT NULL;
  CREATE INDEX entity_lane ON entity (lane, sort) WHERE lane IS NOT NULL;
  -- position = shard * 2^40 + seq: one shard's chain lies together, and one number finds an entry
  CREATE TABLE audit (position INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
  CREATE TABLE chain_head (node INTEGER PRIMARY KEY, heads BLOB NOT NULL) STRICT;
  CREATE TABLE store_root (id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL, mac BLOB NOT NULL,
    key_check BLOB NOT NULL) STRICT;
  CREATE TABLE witness (shard INTEGER PRIMARY KEY, seq INTEGER NOT NULL, places BLOB NOT NULL, mac BLOB NOT NULL) STRICT;
`;

const CHAIN_LENGTH = 2 ** 40;

/** Where entry `seq` of a shard's chain lies. */
export function positionOf(shard: Shard, seq: number): number {
  return shard * CHAIN_LENGTH + seq;
}

/** The entry's number within its shard's chain. */
export function seqOf(position: number): number {
  return position % CHAIN_LENGTH;
}

/** The shard whose chain a position lies in. */
export function shardOfPosition(position: number): Shard {
  return Math.floor(position / CHAIN_LENGTH);
}

const SQL = {
  begin: "BEGIN IMMEDIATE",
  save: "SAVEPOINT change",
  undo: "ROLLBACK TO change",
  release: "RELEASE change",
  commit: "COMMIT",
  rollback: "ROLLBACK",
  insertEntity: `INSERT INTO entity (version, owner, sort, due, lane, body, mac, shard, type, tenant, id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  updateEntity: `UPDATE entity SET version = ?, owner = ?, sort = ?, due = ?, lane = ?, body = ?, mac = ?
    WHERE shard = ? AND type = ? AND tenant = ? AND id = ? AND version = ?`,
  updateBody: `UPDATE entity SET version = ?, body = ?, mac = ?
    WHERE shard = ? AND type = ? AND tenant = ? AND id = ? AND version = ?`,
  deleteEntity: "DELETE FROM entity WHERE shard = ? AND type = ? AND tenant = ? AND id = ? AND version = ?",
  selectEntity: `SELECT version, owner, sort, due, lane, body, mac FROM entity
    WHERE shard = ? AND type = ? AND tenant = ? AND id = ?`,
  list: `SELECT id, sort FROM entity WHERE shard = ? AND type = ? AND tenant = ? AND owner = ? AND sort < ?
    ORDER BY sort DESC, id LIMIT ?`,
  listTies: `SELECT id FROM entity WHERE shard = ? AND type = ? AND tenant = ? AND owner = ? AND sort = ? ORDER BY id`,
  due: "SELECT shard, type, tenant, id FROM entity WHERE due <= ? ORDER BY due LIMIT ?",
  nextDue: "SELECT min(due) AS due FROM entity WHERE due IS NOT NULL",
  lane: "SELECT shard, type, tenant, id FROM entity WHERE lane = ? ORDER BY sort LIMIT ?",
  insertAudit: "INSERT INTO audit (position, entry, hash) VALUES (?, ?, ?)",
  selectAudit: "SELECT position, entry, hash FROM audit WHERE position BETWEEN ? AND ? ORDER BY position",
  outcome: `SELECT 1 AS found FROM audit WHERE position BETWEEN ? AND ? AND json_extract(entry, '$.change') = ?
    ORDER BY position DESC LIMIT 1`,
  putHead: "INSERT INTO chain_head (node, heads) VALUES (?, ?) ON CONFLICT DO UPDATE SET heads = excluded.heads",
  selectHeads: "SELECT node, heads FROM chain_head",
  putRoot: `INSERT INTO store_root (id, generation, mac, key_check) VALUES (1, ?, ?, ?)
    ON CONFLICT DO UPDATE SET generation = excluded.generation, mac = excluded.mac`,
  selectRoot: "SELECT generation, mac, key_check FROM store_root",
  anyRow:
    "SELECT EXISTS (SELECT 1 FROM entity) OR EXISTS (SELECT 1 FROM audit) OR EXISTS (SELECT 1 FROM chain_head) AS found",
  putWitness: `INSERT INTO witness (shard, seq, places, mac) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET seq = excluded.seq, places = excluded.places, mac = excluded.mac`,
  selectWitness: "SELECT seq, places, mac FROM witness WHERE shard = ?",
} as const;

export type Statements = { readonly [Name in keyof typeof SQL]: StatementSync };

/** Compiles every statement once. */
export function prepareStatements(db: DatabaseSync): Statements {
  const prepared = Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)] as const);
  return Object.fromEntries(prepared) as Statements;
}
