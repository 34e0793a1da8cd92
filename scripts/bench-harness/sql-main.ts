// A process that writes the rows of Creates by bare node:sqlite and does nothing else: one part of P2's limit. WAL, FULL, the
// core's schema and statements, 64 Creates a transaction; no versions, MACs, chain, savepoints. Started by fork, configured
// by { file, rows }, asked by { creates }, answers { created } when they are durable.
import { randomBytes, randomInt } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { SHARDS } from "../../core/server/src/store/entity.ts";
import { prepareStatements, rowOfWrite, SCHEMA, type Statements } from "../../core/server/src/store/sqlite-schema.ts";
import type { EntityRow, RecordedRows } from "./recorded-rows.ts";

/** A new database of that name. */
export interface SqlOrder {
  readonly file: string;
  readonly rows: RecordedRows;
}

const GROUP = 64;
const USERS = 2_000;
const BYTES_32 = new Uint8Array(32).fill(5);

/** Writes the rows of one Create after the other, each under names of its own. */
class BareCreates {
  readonly #sql: Statements;
  readonly #rows: RecordedRows;
  #number = 0;
  /** By what their rows were numbered, and the version of these. */
  readonly #users: { readonly number: number; version: number }[] = [];

  constructor({ file, rows }: SqlOrder) {
    const db = new DatabaseSync(file);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;");
    db.exec("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;");
    db.exec(SCHEMA);
    this.#sql = prepareStatements(db);
    this.#rows = rows;
    this.#sql.begin.run();
    for (let i = 0; i < USERS; i++) this.#addUser();
    this.#sql.commit.run();
  }

  create(count: number): void {
    for (let done = 0; done < count; done += GROUP) {
      this.#sql.begin.run();
      for (let i = done; i < Math.min(done + GROUP, count); i++) this.#one();
      this.#sql.commit.run();
    }
  }

  #addUser(): void {
    this.#number += 1;
    this.#rows.replaced.forEach((row, place) => {
      this.#insert(rowOfWrite(this.#number, place), row, randomInt(SHARDS));
    });
    this.#users.push({ number: this.#number, version: 1 });
  }

  #one(): void {
    this.#number += 1;
    const shard = randomInt(SHARDS);
    this.#rows.added.forEach((row, place) => this.#insert(rowOfWrite(this.#number, place), row, shard));
    const user = this.#users[this.#number % USERS];
    if (user === undefined) throw new Error("there are as many users as were added");
    const { number: at, version } = user;
    this.#rows.replaced.forEach(({ body }, place) => {
      this.#sql.updateBody.run(version + 1, body, BYTES_32, rowOfWrite(at, place), version);
    });
    user.version += 1;
    this.#rows.audit.forEach((entry, i) => {
      const number = this.#number * this.#rows.audit.length + i;
      this.#sql.insertAudit.run(number, number % SHARDS, number, number, entry, BYTES_32);
    });
  }

  #insert(at: number, { type, tenant, hasOwner, sort, due, lane, body }: EntityRow, shard: number): void {
    const id = randomBytes(16).toString("hex");
    const owner = hasOwner ? `bench-${id.slice(0, 4)}` : null;
    const later = (time: number | null): number | null => (time === null ? null : time + this.#number);
    this.#sql.insertEntity.run(at, shard, type, tenant, id, 1, owner, later(sort), later(due), lane, body, BYTES_32);
  }
}

process.once("message", (order: SqlOrder) => {
  const bare = new BareCreates(order);
  process.on("message", ({ creates }: { creates: number }) => {
    bare.create(creates);
    process.send?.({ created: creates });
  });
  process.send?.({ ready: true });
});
process.once("disconnect", () => process.exit());
