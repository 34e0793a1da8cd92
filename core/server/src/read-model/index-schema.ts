// Tables of the administrators' index. docs/decisions/0027
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Another one is thrown away and built anew: there are no migrations of what is derived. */
export const INDEX_VERSION = "6";

/*
 * `place` is row-place.ts. `tenant` and the columns of events are rows of `word`. Indexes end in the rowid, so that rows
 * come out in order of time wherever a column is given.
 */
export const INDEX_SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE cursor (shard INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
  CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE event (
    place INTEGER PRIMARY KEY, shard INTEGER NOT NULL, seq INTEGER NOT NULL, nth INTEGER NOT NULL,
    tenant INTEGER NOT NULL, name INTEGER NOT NULL, actor INTEGER NOT NULL, subject INTEGER NOT NULL, reason INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX event_tenant ON event (tenant);
  CREATE INDEX event_name ON event (tenant, name);
  CREATE INDEX event_actor ON event (actor);
  CREATE INDEX event_subject ON event (subject);
  CREATE INDEX event_reason ON event (reason);
  CREATE TABLE tx (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant INTEGER NOT NULL, user TEXT NOT NULL,
    kind INTEGER NOT NULL, tag TEXT NOT NULL, state TEXT NOT NULL,
    outcome TEXT, ended INTEGER, confirm INTEGER
  ) STRICT;
  CREATE INDEX tx_tenant ON tx (tenant);
  CREATE INDEX tx_user ON tx (tenant, user);
  CREATE INDEX tx_tag ON tx (tenant, tag);
  CREATE INDEX tx_state ON tx (tenant, state);
  CREATE INDEX tx_kind ON tx (tenant, kind);
  CREATE TABLE delivery (
    id TEXT PRIMARY KEY, tenant INTEGER NOT NULL, tx TEXT NOT NULL, platform TEXT NOT NULL, state TEXT NOT NULL,
    until INTEGER NOT NULL, ended INTEGER, sent INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX delivery_tx ON delivery (tx);
  CREATE INDEX delivery_until ON delivery (tenant, until, id);
  CREATE INDEX delivery_failed ON delivery (tenant, until, id) WHERE state = 'FAILED';
  CREATE TABLE user (tenant INTEGER NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (tenant, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE change (id TEXT PRIMARY KEY, tenant INTEGER NOT NULL, state TEXT NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE program (
    tenant INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, type, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tally (
    tenant INTEGER NOT NULL, minute INTEGER NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (tenant, minute, what)
  ) STRICT, WITHOUT ROWID;
`;

export const INDEX_SQL = {
  begin: "BEGIN",
  commit: "COMMIT",
  putMeta: "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  cursors: "SELECT shard, seq, hash FROM cursor",
  putCursor: `INSERT INTO cursor (shard, seq, hash) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
  word: "SELECT id FROM word WHERE text = ?",
  putWord: "INSERT INTO word (text) VALUES (?) RETURNING id",
  putEvent: `INSERT INTO event (place, shard, seq, nth, tenant, name, actor, subject, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  tx: "SELECT place, state, outcome, ended, confirm FROM tx WHERE id = ?",
  putTx: `INSERT INTO tx (place, id, tenant, user, kind, tag, state, outcome, ended, confirm)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  setTx: "UPDATE tx SET state = ?, outcome = ?, ended = ?, confirm = ? WHERE place = ?",
  delivery: "SELECT platform, state, ended, sent FROM delivery WHERE id = ?",
  putDelivery: `INSERT INTO delivery (id, tenant, tx, platform, state, until, ended, sent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET state = excluded.state, until = excluded.until, ended = excluded.ended, sent = excluded.sent`,
  putUser:
    "INSERT INTO user (tenant, id, state) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state WHERE state <> excluded.state",
  putChange:
    "INSERT INTO change (id, tenant, state, until) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
  putProgram: "INSERT INTO program (tenant, type, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  count: `INSERT INTO tally (tenant, minute, what, n) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n`,
} as const;

export type IndexStatements = { readonly [Name in keyof typeof INDEX_SQL]: StatementSync };

/** Compiles every statement that writes. Places do not fit into numbers: they are read as bigint. */
export function prepareIndex(db: DatabaseSync): IndexStatements {
  const prepared = Object.entries(INDEX_SQL).map(([name, sql]) => [name, db.prepare(sql)] as const);
  const statements = Object.fromEntries(prepared) as IndexStatements;
  statements.tx.setReadBigInts(true);
  return statements;
}
