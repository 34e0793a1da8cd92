// threat 11: whoever can write to the database file. Each tampering is done by a second connection while the store is closed.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { describeFinding, verifyAudit } from "../audit/verify-audit.ts";
import type { EntityKey, EntityType } from "./entity.ts";
import { DATABASE_FILE } from "./sqlite-database.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { changing, drawId, peerKey, SHARD, TENANT } from "./store-fixture.ts";
import { IntegrityError, type AnyWrite, type Store } from "./store.ts";

const TYPES: Record<EntityType, true> = {
  user: true,
  key: true,
  link: true,
  transaction: true,
  judged: true,
  "bad-signatures": true,
  content: true,
  delivery: true,
  outbox: true,
  "approval-request": true,
  tenant: true,
  app: true,
  bot: true,
  grant: true,
  token: true,
  request: true,
  enrolment: true,
  "link-token": true,
  "open-links": true,
  "link-rate": true,
  peer: true,
  "bot-lease": true,
  "key-owner": true,
  "link-owner": true,
  "user-entry": true,
  administration: true,
  admin: true,
  change: true,
  "audit-head": true,
  "audit-head-count": true,
  webhook: true,
  "webhook-progress": true,
  "webhook-delivery": true,
  "webhooks-made": true,
};
const types = Object.keys(TYPES) as EntityType[];
const folder = tempFolder();
const key = macKey(new Uint8Array(32).fill(7));
const open = (at: string): Promise<Store> => openSqliteStore({ folder: at, macKey: key, cacheBytes: 0 });

/** Keys "a" and "b" of a type; every one was written three times, and "gone" was deleted. */
function keyOf(type: EntityType, id: string): EntityKey {
  return { type, tenant: TENANT, id };
}

function writeOf(entity: EntityKey, expected: string, note: string): AnyWrite {
  return { key: entity, expected, body: { note }, index: { owner: "ann", sort: 1, due: 5 } } as unknown as AnyWrite;
}

function edit(at: string, ...statements: readonly string[]): void {
  const db = new DatabaseSync(join(at, DATABASE_FILE));
  for (const sql of statements) db.exec(sql);
  db.close();
}

const IDLE = 60;
/** Entries of the prepared chain: three rounds over all types, and two commits between them. */
const LAST = 3 * (types.length + IDLE) + 2;

async function rewriteAll(at: string, note: string): Promise<void> {
  const store = await open(at);
  for (const type of types) {
    const loaded = await store.load(SHARD, keyOf(type, "a"), keyOf(type, "b"));
    const writes = loaded.entities.map((one) => writeOf(one.key, one.version, `${note} of ${one.key.id}`));
    expect(await store.commit(SHARD, changing(writes))).toBe("committed");
  }
  for (let i = 0; i < IDLE; i++) await store.commit(SHARD, changing([])); // enough for a witness to be stored at the end
  await store.close();
}

/** A store with three rounds of writes; `old.db` beside it is the database after the second. */
async function prepare(): Promise<string> {
  const at = join(folder, "prepared");
  await rewriteAll(at, "first");
  const store = await open(at);
  await store.commit(SHARD, changing(types.map((type) => writeOf(keyOf(type, "gone"), "", "gone"))));
  await store.close();
  cpSync(join(at, DATABASE_FILE), join(folder, "with-gone.db"));
  await rewriteAll(at, "second");
  const again = await open(at);
  const gone = await again.load(SHARD, ...types.map((type) => keyOf(type, "gone")));
  const deletions = gone.entities.map((one) => ({ key: one.key, expected: one.version, body: undefined }) as AnyWrite);
  expect(await again.commit(SHARD, changing(deletions))).toBe("committed");
  await again.close();
  cpSync(join(at, DATABASE_FILE), join(folder, "old.db"));
  await rewriteAll(at, "third");
  return at;
}
const prepared = prepare();

async function copyOfPrepared(): Promise<string> {
  const at = join(folder, drawId());
  cpSync(await prepared, at, { recursive: true });
  return at;
}

const OLD = `ATTACH '${join(folder, "old.db")}' AS old`;
const WITH_GONE = `ATTACH '${join(folder, "with-gone.db")}' AS old`;

test("threat 11: untouched, everything loads and the verifier is content", async () => {
  const at = await copyOfPrepared();
  const store = await open(at);
  const loaded = await store.load(SHARD, ...types.map((type) => keyOf(type, "a")));
  expect(loaded.entities.map(({ body }) => body)).toEqual(types.map(() => ({ note: "third of a" })));
  await store.close();
  expect(verifyAudit(at, key)).toMatchObject({ ok: true, findings: [], entities: 2 * types.length, shards: 1 });
});

const ENTITY_TAMPERINGS: readonly (readonly [string, ...string[]])[] = [
  ["edited body", `UPDATE entity SET body = replace(body, 'third', 'THIRD') WHERE id = 'a'`],
  ["edited owner", `UPDATE entity SET owner = 'eve' WHERE id = 'a'`],
  ["edited sort", `UPDATE entity SET sort = 2 WHERE id = 'a'`],
  ["edited due", `UPDATE entity SET due = 6 WHERE id = 'a'`],
  ["due taken away", `UPDATE entity SET due = NULL WHERE id = 'a'`],
  ["put into a lane", `UPDATE entity SET lane = 'bot' WHERE id = 'a'`],
  ["another version", `UPDATE entity SET version = version + 1 WHERE id = 'a'`],
  ["MAC zeroed", `UPDATE entity SET mac = zeroblob(32) WHERE id = 'a'`],
  ["MAC absent", `UPDATE entity SET mac = x'' WHERE id = 'a'`],
  ["deleted", `DELETE FROM entity WHERE id = 'a'`],
  ["moved to another id", `UPDATE entity SET id = 'moved' WHERE id = 'a'`],
  ["moved to another tenant", `UPDATE entity SET tenant = '' WHERE id = 'a'`],
  ["moved to another shard", `UPDATE entity SET shard = 8 WHERE id = 'a'`],
  [
    "two of one type swapped, bodies and MACs",
    `UPDATE entity SET (body, mac) = (SELECT body, mac FROM entity AS other WHERE other.type = entity.type AND other.id = 'b') WHERE id = 'a'`,
  ],
  [
    "two of one type swapped, whole rows",
    `UPDATE entity SET id = 'c' WHERE id = 'a'`,
    `UPDATE entity SET id = 'a' WHERE id = 'b'`,
    `UPDATE entity SET id = 'b' WHERE id = 'c'`,
  ],
  [
    "replaced by one of another type",
    `CREATE TABLE moved AS SELECT *, lead(type, 1, 'app') OVER (ORDER BY type) AS next FROM entity WHERE id = 'a'`,
    `DELETE FROM entity WHERE id = 'a'`,
    `INSERT INTO entity SELECT row, shard, next, tenant, id, version, owner, sort, due, lane, body, mac FROM moved`,
    `DROP TABLE moved`,
  ],
  [
    "rolled back alone, MAC and version as they were",
    OLD,
    `DELETE FROM entity WHERE id = 'a'`,
    `INSERT INTO entity SELECT * FROM old.entity WHERE id = 'a'`,
  ],
  [
    "rolled back together with the stored witness",
    OLD,
    `DELETE FROM entity WHERE id = 'a'`,
    `INSERT INTO entity SELECT * FROM old.entity WHERE id = 'a'`,
    ...["witness", "witness_page"].flatMap((table) => [
      `DELETE FROM ${table}`,
      `INSERT INTO ${table} SELECT * FROM old.${table}`,
    ]),
  ],
];

test.each(ENTITY_TAMPERINGS)("threat 11: %s: INTEGRITY for every entity type", async (_, ...statements) => {
  const at = await copyOfPrepared();
  edit(at, ...statements);
  const store = await open(at);
  for (const type of types) {
    await expect(store.load(SHARD, keyOf(type, "a"))).rejects.toBeInstanceOf(IntegrityError);
    expect(await store.commit(SHARD, changing([writeOf(keyOf(type, "a"), "", "created anew")]))).toBe("conflict");
  }
  expect(await store.commit(SHARD, changing([writeOf(peerKey("fresh"), "", "x")]))).toBe("committed");
  await store.close();
  const found = verifyAudit(at, key).findings.map(describeFinding).join("\n");
  for (const type of types) expect(found).toContain(`: ${type} a: `);
});

test("threat 11: the same while the store runs: what it knows does not come from the file", async () => {
  const at = await copyOfPrepared();
  const store = await open(at);
  expect((await store.load(SHARD, peerKey("a"))).entities[0].body).toEqual({ note: "third of a" });
  edit(at, OLD, "DELETE FROM entity WHERE id = 'a'", "INSERT INTO entity SELECT * FROM old.entity WHERE id = 'a'");
  for (const type of types) await expect(store.load(SHARD, keyOf(type, "a"))).rejects.toBeInstanceOf(IntegrityError);
  const { version } = await versionOf(store, "b");
  edit(at, "DELETE FROM entity WHERE id = 'b'");
  await expect(store.commit(SHARD, changing([writeOf(peerKey("b"), version, "x")]))).rejects.toBeInstanceOf(
    IntegrityError,
  );
  await store.close();
});

async function versionOf(store: Store, id: string): Promise<{ version: string }> {
  return (await store.load(SHARD, peerKey(id))).entities[0];
}

test("threat 11: what was deleted stays deleted: its old row is never read, and the verifier names it", async () => {
  const at = await copyOfPrepared();
  edit(at, WITH_GONE, "INSERT INTO entity SELECT * FROM old.entity WHERE id = 'gone'");
  const store = await open(at);
  expect((await versionOf(store, "gone")).version).toBe("");
  expect(await store.commit(SHARD, changing([writeOf(peerKey("gone"), "", "anew")]))).toBe("committed");
  const { entities } = await store.load(SHARD, peerKey("gone"));
  expect(entities[0].body).toEqual({ note: "anew" });
  await store.close();
  const found = verifyAudit(at, key).findings.map(describeFinding);
  expect(found).toContain(`shard ${SHARD}: user gone: its row is there although the chain does not have it`);
  expect(found).toContain(`shard ${SHARD}: peer gone: it has two rows`);
});

test("threat 11: a row planted in the way of the next commit fails that one alone", async () => {
  const at = await copyOfPrepared();
  const store = await open(at);
  edit(
    at,
    "INSERT INTO entity SELECT (SELECT max(number) + 2 FROM audit) * 256, shard, type, tenant, 'x', version, owner, sort, due, lane, body, mac FROM entity LIMIT 1",
  );
  const outcomes = await Promise.allSettled(
    ["p", "q", "r"].map((id) => store.commit(SHARD, changing([writeOf(peerKey(id), "", "x")]))),
  );
  expect(
    outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : (outcome.reason as Error).name)),
  ).toEqual(["committed", "IntegrityError", "committed"]);
  expect((await versionOf(store, "q")).version).toBe("");
  expect((await store.audit(SHARD, LAST + 1, 10)).map(({ seq }) => seq)).toEqual([LAST + 1, LAST + 2]);
  await store.close();
});

const INNER = `(SELECT min(number) + 4 FROM audit)`;
const CHAIN_TAMPERINGS: readonly (readonly [string, RegExp, ...string[]])[] = [
  [
    "an event edited",
    /entry 5 is broken: its hash/,
    `UPDATE audit SET entry = replace(entry, 'test.changed', 'test.charmed') WHERE number = ${INNER}`,
  ],
  ["white space added", /entry 5 is broken/, `UPDATE audit SET entry = entry || ' ' WHERE number = ${INNER}`],
  ["a stored hash edited", /entry 5 is broken/, `UPDATE audit SET hash = zeroblob(32) WHERE number = ${INNER}`],
  ["an entry cut out", /entries 5 to 5 are missing/, `DELETE FROM audit WHERE number = ${INNER}`],
  ["several cut out", /entries 5 to 9 are missing/, `DELETE FROM audit WHERE number BETWEEN ${INNER} AND ${INNER} + 4`],
  [
    "two exchanged",
    /entry 5 is broken/,
    `UPDATE audit SET (entry, hash) = (SELECT entry, hash FROM audit AS other WHERE other.number = audit.number + 1) WHERE number = ${INNER}`,
  ],
  [
    "the tail cut off",
    new RegExp(`entries ${LAST} to ${LAST} are missing`),
    `DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)`,
  ],
  ["all of it gone", new RegExp(`entries 1 to ${LAST} are missing`), `DELETE FROM audit`],
  [
    "an entry added",
    new RegExp(`entry ${LAST + 1} is broken: it lies beyond`),
    `INSERT INTO audit SELECT max(number) + 1, shard, max(seq) + 1, previous, entry, hash FROM audit`,
  ],
];

test.each(CHAIN_TAMPERINGS)(
  "threat 27: the chain with %s: the verifier names the place, also without K_store",
  async (_, named, ...statements) => {
    const at = await copyOfPrepared();
    edit(at, ...statements);
    const report = verifyAudit(at);
    expect(report.ok).toBe(false);
    expect(describeFinding(report.findings[0]!)).toMatch(named);
  },
);

const INSIDE = CHAIN_TAMPERINGS.filter(([name]) => name !== "an entry added");

test.each(INSIDE)(
  "threat 27: the chain with %s, stored witness removed: its shard is INTEGRITY",
  async (_, __, ...statements) => {
    const at = await copyOfPrepared();
    edit(at, "DELETE FROM witness", ...statements);
    const store = await open(at);
    await expect(store.load(SHARD, peerKey("a"))).rejects.toBeInstanceOf(IntegrityError);
    await expect(store.commit(SHARD, changing([]))).rejects.toBeInstanceOf(IntegrityError);
    await expect(store.audit(SHARD, 1, 10)).rejects.toBeInstanceOf(IntegrityError);
    expect((await store.load(SHARD + 1, peerKey("a"))).entities[0].version).toBe(""); // other shards work
    await store.close();
  },
);

test("threat 27: an entry planted behind the head is never read", async () => {
  const at = await copyOfPrepared();
  edit(at, CHAIN_TAMPERINGS.at(-1)![2]!);
  const store = await open(at);
  expect(await store.commit(SHARD, changing([]))).toBe("committed");
  expect((await store.audit(SHARD, LAST - 1, 10)).map(({ seq }) => seq)).toEqual([LAST - 1, LAST, LAST + 1]);
  await store.close();
});

test.each([
  ["edited", "UPDATE witness SET directory = zeroblob(length(directory))"],
  ["cut", "UPDATE witness SET directory = x''"],
  ["edited in a page", "UPDATE witness_page SET places = zeroblob(length(places))"],
  ["cut in a page", "UPDATE witness_page SET places = substr(places, 1, length(places) - 20)"],
  ["cut within an entry", "UPDATE witness_page SET places = substr(places, 1, length(places) - 1)"],
  ["given text for a page", "UPDATE witness_page SET places = CAST('x' AS BLOB)"],
  ["robbed of its pages", "DELETE FROM witness_page"],
  ["rolled back in its pages", OLD, "UPDATE witness_page SET places = (SELECT places FROM old.witness_page LIMIT 1)"],
  ["rolled back", OLD, "DELETE FROM witness", "INSERT INTO witness SELECT * FROM old.witness"],
  ["of another commit", OLD, "UPDATE witness SET directory = (SELECT directory FROM old.witness)"],
  ["said to reach further", "UPDATE witness SET seq = seq + 1"],
  ["said to reach less far", "UPDATE witness SET seq = seq - 1"],
  ["deleted", "DELETE FROM witness"],
])("a stored witness that was %s is not used: the chain itself is read", async (_, ...statements) => {
  const at = await copyOfPrepared();
  edit(at, ...statements);
  const store = await open(at);
  const loaded = await store.load(SHARD, ...types.map((type) => keyOf(type, "a")));
  expect(loaded.entities.map(({ body }) => body)).toEqual(types.map(() => ({ note: "third of a" })));
  await store.close();
});

test("threat 27: a page of the witness and its chain altered: that shard alone is INTEGRITY", async () => {
  const at = join(folder, drawId());
  const opened = (): Promise<Store> => openSqliteStore({ folder: at, macKey: key, freshEntities: 2, cacheBytes: 0 });
  const before = await opened();
  await before.commit(SHARD, changing([]));
  await before.commit(SHARD, changing(["a", "b"].map((id) => writeOf(peerKey(id), "", "x"))));
  await before.close();
  edit(
    at,
    "UPDATE witness_page SET places = zeroblob(length(places))",
    `DELETE FROM audit WHERE shard = ${SHARD} AND seq = 1`,
  );
  const store = await opened();
  const outcomeOf = (shard: number, id: string): Promise<string> =>
    store.commit(shard, changing([writeOf(peerKey(id), "", "x")])).catch((error: Error) => error.name);
  for (const id of ["a", "other-0", "other-1"]) {
    expect(await Promise.all([outcomeOf(SHARD, id), outcomeOf(SHARD + 1, id)])).toEqual([
      "IntegrityError",
      "committed",
    ]);
  }
  await expect(store.load(SHARD, peerKey("b"))).rejects.toBeInstanceOf(IntegrityError);
  expect((await store.load(SHARD + 1, peerKey("other-0"))).entities[0].body).toEqual({ note: "x" });
  await store.close();
});

const STORE_TAMPERINGS: readonly (readonly [string, ...string[]])[] = [
  ["heads edited", `UPDATE chain_head SET heads = zeroblob(length(heads))`],
  ["heads rolled back", OLD, `DELETE FROM chain_head`, `INSERT INTO chain_head SELECT * FROM old.chain_head`],
  ["heads deleted", `DELETE FROM chain_head`],
  ["a head node too short", `UPDATE chain_head SET heads = x'00'`],
  ["root deleted", `DELETE FROM store_root`],
  ["root of another commit", OLD, `DELETE FROM store_root`, `INSERT INTO store_root SELECT * FROM old.store_root`],
  ["generation edited", `UPDATE store_root SET generation = generation + 1`],
  ["a trigger planted", `CREATE TRIGGER t AFTER UPDATE ON entity BEGIN DELETE FROM audit; END`],
  ["an index dropped", `DROP INDEX entity_due`],
  [
    "one shard rolled back as a whole",
    OLD,
    ...["entity", "audit", "chain_head", "witness", "witness_page"].flatMap((table) => [
      `DELETE FROM ${table}`,
      `INSERT INTO ${table} SELECT * FROM old.${table}`,
    ]),
  ],
];

test.each(STORE_TAMPERINGS)("threat 11: %s: the store does not open", async (_, ...statements) => {
  const at = await copyOfPrepared();
  edit(at, ...statements);
  await expect(open(at)).rejects.toBeInstanceOf(IntegrityError);
});

test("threat 11: the whole store rolled back to an old copy is not seen from inside (docs/protocol/store.md section 6)", async () => {
  const at = await copyOfPrepared();
  cpSync(join(folder, "old.db"), join(at, DATABASE_FILE));
  const store = await open(at);
  expect((await store.load(SHARD, peerKey("a"))).entities[0].body).toEqual({ note: "second of a" });
  await store.close();
});

test("a K_store of another installation is named as such", async () => {
  const at = await copyOfPrepared();
  const foreign = openSqliteStore({ folder: at, macKey: macKey(new Uint8Array(32)) });
  await expect(foreign).rejects.toThrow(/another K_store/);
  expect(verifyAudit(at, macKey(new Uint8Array(32))).findings[0]).toMatchObject({ type: "root" });
});
