// Tables and statements of the embedded store. docs/protocol/store.md section 5.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { MAX_WRITES } from "./change-set.ts";

/** PRAGMA user_version of the schema below; a change of it comes with a migration from each older one. */
export const SCHEMA_VERSION = 2;

/** PRAGMA application_id: "CSGN". */
export const APPLICATION_ID = 0x4353474e;

/*
 * A commit costs what it dirties: every page it touches is written twice. So rows are appended, those of one commit side by
 * side, and are found by row number from memory (store-truth.ts) instead of by an index over names; an index over 1024
 * shards would touch a page of its own for every row.
 */
const TABLES = `
  CREATE TABLE entity (
    row INTEGER PRIMARY KEY, -- number of the commit that created it * 256 + place among its writes
    shard INTEGER NOT NULL, type TEXT NOT NULL, tenant TEXT NOT NULL, id TEXT NOT NULL,
    version INTEGER NOT NULL,
    owner TEXT, sort INTEGER, due INTEGER, lane TEXT,
    body TEXT NOT NULL, mac BLOB NOT NULL
  ) STRICT;
  CREATE INDEX entity_owner ON entity (shard, owner, sort) WHERE owner IS NOT NULL;
  CREATE INDEX entity_due ON entity (due) WHERE due IS NOT NULL;
  CREATE INDEX entity_lane ON entity (lane, sort) WHERE lane IS NOT NULL;
  CREATE TABLE audit (
    number INTEGER PRIMARY KEY, -- over all shards, in order of commit
    shard INTEGER NOT NULL, seq INTEGER NOT NULL,
    previous INTEGER NOT NULL, -- number of the shard's entry before, 0 for its first
    entry TEXT NOT NULL, hash BLOB NOT NULL
  ) STRICT;
  CREATE TABLE chain_head (node INTEGER PRIMARY KEY, heads BLOB NOT NULL, numbers BLOB NOT NULL) STRICT;
  CREATE TABLE store_root (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL, mac BLOB NOT NULL, key_check BLOB NOT NULL
  ) STRICT;
`;

const WITNESS = `
  CREATE TABLE witness (
    shard INTEGER PRIMARY KEY, seq INTEGER NOT NULL, directory BLOB NOT NULL, mac BLOB NOT NULL
  ) STRICT;
  CREATE TABLE witness_page (number INTEGER PRIMARY KEY, shard INTEGER NOT NULL, places BLOB NOT NULL) STRICT;
`;

export const SCHEMA: string = TABLES + WITNESS;

/** A schema that this version brings up to date, and how. */
export interface OlderSchema {
  readonly schema: string;
  readonly migration: string;
}

/** By their version. Version 1 stored a whole witness in one row; the chains say again what stood there. */
export const OLDER_SCHEMAS: Readonly<Record<number, OlderSchema>> = {
  1: {
    schema: `${TABLES}
  CREATE TABLE witness (
    shard INTEGER PRIMARY KEY, seq INTEGER NOT NULL, places BLOB NOT NULL, mac BLOB NOT NULL
  ) STRICT;
`,
    migration: `DROP TABLE witness; ${WITNESS}`,
  },
};

/** The row that the `index`-th write of a commit creates. */
export function rowOfWrite(number: number, index: number): number {
  return number * MAX_WRITES + index;
}

const SQL = {
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",
  insertEntity: `INSERT INTO entity (row, shard, type, tenant, id, version, owner, sort, due, lane, body, mac)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  updateEntity: `UPDATE entity SET version = ?, owner = ?, sort = ?, due = ?, lane = ?, body = ?, mac = ?
    WHERE row = ? AND version = ?`,
  updateBody: "UPDATE entity SET version = ?, body = ?, mac = ? WHERE row = ? AND version = ?",
  deleteEntity: "DELETE FROM entity WHERE row = ? AND version = ?",
  selectEntity: "SELECT shard, type, tenant, id, version, owner, sort, due, lane, body, mac FROM entity WHERE row = ?",
  list: `SELECT id, sort FROM entity WHERE shard = ? AND owner = ? AND sort < ? AND type = ? AND tenant = ?
    ORDER BY sort DESC, id LIMIT ?`,
  listTies: "SELECT id FROM entity WHERE shard = ? AND owner = ? AND sort = ? AND type = ? AND tenant = ? ORDER BY id",
  due: "SELECT shard, type, tenant, id FROM entity WHERE due <= ? ORDER BY due LIMIT ?",
  nextDue: "SELECT min(due) AS due FROM entity WHERE due IS NOT NULL",
  lane: "SELECT shard, type, tenant, id FROM entity WHERE lane = ? ORDER BY sort LIMIT ?",
  insertAudit: "INSERT INTO audit (number, shard, seq, previous, entry, hash) VALUES (?, ?, ?, ?, ?, ?)",
  selectAudit: "SELECT previous, entry, hash FROM audit WHERE number = ?",
  lastNumber:
    "SELECT max((SELECT coalesce(max(number), 0) FROM audit), (SELECT coalesce(max(row), 0) / 256 FROM entity)) AS number",
  putHead: `INSERT INTO chain_head (node, heads, numbers) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET heads = excluded.heads, numbers = excluded.numbers`,
  selectHeads: "SELECT node, heads, numbers FROM chain_head",
  putRoot: `INSERT INTO store_root (id, generation, mac, key_check) VALUES (1, ?, ?, ?)
    ON CONFLICT DO UPDATE SET generation = excluded.generation, mac = excluded.mac`,
  selectRoot: "SELECT generation, mac, key_check FROM store_root",
  anyRow:
    "SELECT EXISTS (SELECT 1 FROM entity) OR EXISTS (SELECT 1 FROM audit) OR EXISTS (SELECT 1 FROM chain_head) AS found",
  putWitness: `INSERT INTO witness (shard, seq, directory, mac) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET seq = excluded.seq, directory = excluded.directory, mac = excluded.mac`,
  selectWitness: "SELECT seq, directory, mac FROM witness WHERE shard = ?",
  lastPage: "SELECT coalesce(max(number), 0) AS number FROM witness_page",
  insertPage: "INSERT INTO witness_page (number, shard, places) VALUES (?, ?, ?)",
  selectPage: "SELECT places FROM witness_page WHERE number = ?",
  deletePage: "DELETE FROM witness_page WHERE number = ?",
  deletePagesOf: "DELETE FROM witness_page WHERE shard = ?",
} as const;

export type Statements = { readonly [Name in keyof typeof SQL]: StatementSync };

/** Compiles every statement once. */
export function prepareStatements(db: DatabaseSync): Statements {
  const prepared = Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)] as const);
  return Object.fromEntries(prepared) as Statements;
}
