// node --conditions=source scripts/bench-harness/store.ts [--json] [--commits N] [--repeats N]
// Durable commits/s of the embedded store with 64 in flight, beside the same rows by bare SQL in groups of 64 (goal P4).
// Variants run in turn; medians. A commit writes a transaction (about 1.3 kB), a delivery (about 0.4 kB), an audit entry.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { macKey } from "@countersign/protocol";
import { encodeBody } from "../../core/server/src/store/body-codec.ts";
import { prepareStatements, rowOfWrite, SCHEMA } from "../../core/server/src/store/sqlite-schema.ts";
import { openSqliteStore } from "../../core/server/src/store/sqlite-store.ts";
import { spreadOf } from "./figures.ts";
import type { AnyWrite, ChangeSet, Store } from "../../core/server/src/store/store.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    commits: { type: "string", default: "20000" },
    repeats: { type: "string", default: "5" },
  },
});
const COMMITS = Number(values.commits);
const IN_FLIGHT = 64;
const TENANT = "0123456789abcdef0123456789abcdef";
const NOW = 1_795_371_371_278;

interface Measured {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

const BYTES_32 = new Uint8Array(32).fill(5);
const AUDIT_TEXT = JSON.stringify({ entry: "x".repeat(520) });
const TEXTS = [encodeBody(transactionBody(TENANT, 1)), encodeBody(deliveryBody(TENANT, 1))] as const;

const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
let opened = 0;
const variants: Record<string, () => Promise<Measured>> = {
  "bare SQL, create": async () => bareCreate(),
  "store, create": async () =>
    measureCreates(COMMITS, (store, pairs) => inFlight(pairs, (pair) => create(store, pair))),
  "bare SQL, update": async () => bareUpdate(),
  "store, load + update": async () => measureUpdates(),
  "store, one at a time": async () =>
    measureCreates(500, async (store, pairs) => {
      for (const pair of pairs) await create(store, pair);
    }),
};

const results = new Map<string, Measured[]>();
for (let repeat = 0; repeat <= Number(values.repeats); repeat++) {
  for (const [name, variant] of Object.entries(variants)) {
    const measured = await variant();
    if (repeat > 0) results.set(name, [...(results.get(name) ?? []), measured]); // the first round warms up
  }
}
rmSync(folder, { recursive: true, force: true });
report();

function report(): void {
  const rows = [...results].map(([name, measured]) => ({
    name,
    commitsPerSecond: spreadOf(measured.map(({ perSecond }) => perSecond)).median,
    cpuMicrosPerCommit: spreadOf(measured.map(({ cpuMicros }) => cpuMicros)).median,
    range: [Math.min(...measured.map((m) => m.perSecond)), Math.max(...measured.map((m) => m.perSecond))],
  }));
  if (values.json === true) {
    console.log(JSON.stringify({ node: process.version, sqlite: process.versions["sqlite"], commits: COMMITS, rows }));
    return;
  }
  for (const { name, commitsPerSecond, cpuMicrosPerCommit, range } of rows) {
    console.log(
      `${name.padEnd(24)} ${commitsPerSecond.toFixed(0).padStart(8)}/s  ${cpuMicrosPerCommit.toFixed(1).padStart(6)} us CPU  (${range.map((n) => n.toFixed(0)).join("-")})`,
    );
  }
}

async function measure(commits: number, body: () => Promise<void> | void): Promise<Measured> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await body();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: commits / seconds, cpuMicros: (user + system) / commits };
}

function drawIds(count: number): string[] {
  return Array.from({ length: count }, () => crypto.randomUUID().replaceAll("-", ""));
}

function shardOf(id: string): number {
  return Number.parseInt(id.slice(0, 4), 16) % 1024;
}

async function openStore(): Promise<Store> {
  opened += 1;
  return openSqliteStore({ folder: join(folder, String(opened)), macKey: macKey(new Uint8Array(32).fill(7)) });
}

/** One entity pair, and what is written of it: made before the clock starts. */
interface Pair {
  readonly id: string;
  readonly created: object;
  readonly changed: object;
  readonly delivery: object;
}

function drawPairs(count: number): Pair[] {
  return drawIds(count).map((id) => ({
    id,
    created: transactionBody(id, 1),
    changed: transactionBody(id, 2),
    delivery: deliveryBody(id, 1),
  }));
}

async function measureCreates(
  commits: number,
  work: (store: Store, pairs: readonly Pair[]) => Promise<void>,
): Promise<Measured> {
  const store = await openStore();
  const pairs = drawPairs(commits);
  const measured = await measure(commits, () => work(store, pairs));
  await store.close();
  return measured;
}

async function measureUpdates(): Promise<Measured> {
  const store = await openStore();
  const pairs = drawPairs(COMMITS);
  await inFlight(pairs, (pair) => create(store, pair));
  const measured = await measure(COMMITS, () => inFlight(pairs, (pair) => update(store, pair)));
  await store.close();
  return measured;
}

async function inFlight(pairs: readonly Pair[], work: (pair: Pair) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let pair = pairs[next++]; pair !== undefined; pair = pairs[next++]) await work(pair);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

function transactionBody(id: string, version: number): object {
  return {
    ...{ txId: id, tenantId: TENANT, userId: "ann@example.org", createdBy: TENANT, createdAt: NOW },
    ...{
      nonce: new Uint8Array(32).fill(1),
      kind: 1,
      content: new Uint8Array(220).fill(2),
      txDigest: new Uint8Array(32).fill(3),
    },
    fields: [
      { label: 1, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125_000n } } },
      { label: 2, value: { type: "text", text: "Müller GmbH" } },
      { label: 3, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
    ],
    ...{ tag: "AMBER TIGER", mode: "B", keyIds: [id], repeatOf: undefined, action: undefined },
    policy: {
      policyVersion: 1,
      digits: 6,
      tries: 3,
      claimByMs: 600_000,
      resends: 3,
      resendAfterMs: 60_000,
      channels: ["telegram"],
    },
    ...{
      version,
      issue: { epoch: 1, n: 1 },
      resends: 0,
      lastIssueAt: 1_795_371_371_278,
      triesLeft: 3,
      expiresAt: 1_795_371_491_278,
    },
    ...{ lastRefusal: undefined, lateVeto: undefined, state: "PENDING" },
  };
}

function deliveryBody(id: string, wish: number): object {
  return {
    ...{
      deliveryId: id,
      tenantId: TENANT,
      userId: "ann@example.org",
      txId: id,
      linkId: id,
      botId: id,
      peerId: "123456789",
    },
    ...{
      type: "prompt",
      wanted: { phase: "full", issue: { epoch: 1, n: 1 } },
      wish,
      shown: 0,
      state: "QUEUED",
      attempts: 0,
    },
    ...{ retryAt: 0, notAfter: 1_795_371_491_278, fence: 1, updatedAt: NOW },
  };
}

function changeOf({ id, delivery }: Pair, expected: string, body: object, event: string): ChangeSet {
  const [changeId = ""] = drawIds(1);
  const writes = [
    {
      key: { type: "transaction", tenant: TENANT, id },
      expected,
      body,
      index: { owner: "ann@example.org", sort: NOW, due: NOW + 120_000 },
    },
    { key: { type: "delivery", tenant: TENANT, id }, expected, body: delivery, index: { lane: TENANT, sort: NOW } },
  ] as unknown as AnyWrite[];
  const audit = {
    event,
    tenant: TENANT,
    actor: `app:${TENANT}`,
    subject: `transaction:${id}`,
    detail: { state: "PENDING" },
  };
  return { changeId, epoch: 1, writes, audit: [audit] };
}

async function create(store: Store, pair: Pair): Promise<void> {
  const outcome = await store.commit(shardOf(pair.id), changeOf(pair, "", pair.created, "transaction.created"));
  if (outcome !== "committed") throw new Error(outcome);
}

async function update(store: Store, pair: Pair): Promise<void> {
  const { id } = pair;
  const keys = [
    { type: "transaction", tenant: TENANT, id },
    { type: "delivery", tenant: TENANT, id },
  ] as const;
  const { entities } = await store.load(shardOf(id), ...keys);
  const change = changeOf(pair, entities[0].version, pair.changed, "transaction.changed");
  const outcome = await store.commit(shardOf(id), change);
  if (outcome !== "committed") throw new Error(outcome);
}

// The same rows, made beforehand; no versions, MACs, chain, savepoints, promises.
function openBare(): { db: DatabaseSync; sql: ReturnType<typeof prepareStatements> } {
  opened += 1;
  const db = new DatabaseSync(join(folder, `${opened}.db`));
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384;",
  );
  db.exec(SCHEMA);
  return { db, sql: prepareStatements(db) };
}

function bareRows({ sql }: ReturnType<typeof openBare>, ids: readonly string[]): void {
  ids.forEach((id, i) => {
    const shard = shardOf(id);
    if (i % IN_FLIGHT === 0) sql.begin.run();
    const [row, other] = [rowOfWrite(i + 1, 0), rowOfWrite(i + 1, 1)];
    sql.insertEntity.run(
      row,
      shard,
      "transaction",
      TENANT,
      id,
      1,
      "ann@example.org",
      NOW,
      NOW + 120_000,
      null,
      TEXTS[0],
      BYTES_32,
    );
    sql.insertEntity.run(other, shard, "delivery", TENANT, id, 1, null, NOW, null, TENANT, TEXTS[1], BYTES_32);
    sql.insertAudit.run(i + 1, shard, i, i, AUDIT_TEXT, BYTES_32);
    if (i % IN_FLIGHT === IN_FLIGHT - 1 || i === ids.length - 1) sql.commit.run();
  });
}

async function bareCreate(): Promise<Measured> {
  const bare = openBare();
  const ids = drawIds(COMMITS);
  const measured = await measure(COMMITS, () => bareRows(bare, ids));
  bare.db.close();
  return measured;
}

async function bareUpdate(): Promise<Measured> {
  const bare = openBare();
  const { db, sql } = bare;
  const ids = drawIds(COMMITS);
  bareRows(bare, ids);
  const measured = await measure(COMMITS, () => {
    ids.forEach((id, i) => {
      const shard = shardOf(id);
      if (i % IN_FLIGHT === 0) sql.begin.run();
      const rows = [rowOfWrite(i + 1, 0), rowOfWrite(i + 1, 1)] as const;
      for (const row of rows) sql.selectEntity.get(row);
      sql.updateBody.run(2, TEXTS[0], BYTES_32, rows[0], 1);
      sql.updateBody.run(2, TEXTS[1], BYTES_32, rows[1], 1);
      sql.insertAudit.run(COMMITS + i + 1, shard, i, i, AUDIT_TEXT, BYTES_32);
      if (i % IN_FLIGHT === IN_FLIGHT - 1 || i === ids.length - 1) sql.commit.run();
    });
  });
  db.close();
  return measured;
}
