import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import fc from "fast-check";
import { openLog } from "../log.ts";
import { shardOfUser } from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { transactionRow } from "./entity-row.ts";
import { findEvents, type EventFilter } from "./find-events.ts";
import { everyTransaction, findTransactions, type TransactionFilter } from "./find-transactions.ts";
import { SHARDS_A_SLICE, type OpenFile } from "./follower.ts";
import { ReadModel } from "./read-model.ts";
import { readSummary } from "./read-summary.ts";
import { eventPlace } from "./row-place.ts";
import { countsOfTransaction, NOW } from "./tally.ts";
import { History, TENANTS, type Happening } from "./testing/history.ts";

const folder = tempFolder();
const log = openLog("silent");
let files = 0;
const newPath = (): string => join(folder, `index-${(files += 1)}.db`);
const serverId = "f".repeat(32);

const [tenantId = ""] = TENANTS;
const anything = everyTransaction(tenantId);
const anyEvent: EventFilter = {
  ...{ tenantId: undefined, event: "", actor: "", subject: "", text: "", from: undefined, below: undefined },
};

async function use<T>(model: ReadModel, ask: (file: OpenFile) => Promise<T>): Promise<T> {
  // A long history is built while callers are answered otherwise.
  for (;;) {
    const answer = await model.use(async (file) => ({ told: await ask(file) }));
    if (answer !== undefined) return answer.told;
  }
}

async function all<T>(found: AsyncGenerator<T, void>): Promise<T[]> {
  const items: T[] = [];
  for await (const one of found) items.push(one);
  return items;
}

const ids = (model: ReadModel, filter: Partial<TransactionFilter> = {}) =>
  use(model, async (file) =>
    (await all(findTransactions(file, { ...anything, ...filter }, undefined))).map(({ txId }) => txId),
  );

const places = (model: ReadModel, filter: Partial<EventFilter> = {}) =>
  use(model, async (file) =>
    (await all(findEvents(file, { ...anyEvent, ...filter }, undefined)))
      .filter(({ fits }) => fits)
      .map(({ shard, seq, nth }) => `${shard}.${seq}.${nth}`),
  );

/** What the index is measured against: everything looked at. */
function naiveIds(transactions: readonly Transaction[], wants: (one: Transaction) => boolean): string[] {
  return transactions
    .filter((one) => one.tenantId === tenantId && wants(one))
    .toSorted((one, other) => (transactionRow(one).place < transactionRow(other).place ? 1 : -1))
    .map(({ txId }) => txId);
}

function naivePlaces(
  entries: readonly AuditEntry[],
  wants: (event: AuditDraft, entry: AuditEntry) => boolean,
): string[] {
  return entries
    .flatMap((entry) => entry.events.map((event, nth) => ({ entry, event, nth })))
    .filter(({ entry, event }) => wants(event, entry))
    .map(({ entry: { at, shard, seq }, nth }) => ({
      place: eventPlace(at, shard, seq, nth),
      text: `${shard}.${seq}.${nth}`,
    }))
    .toSorted((one, other) => (one.place < other.place ? 1 : -1))
    .map(({ text }) => text);
}

/** Compares everything; throws at the first difference. */
async function same(history: History, model: ReadModel): Promise<boolean> {
  const [transactions, entries] = [await history.transactions(), await history.entries()];
  expect(await ids(model)).toEqual(naiveIds(transactions, () => true));
  for (const userId of ["ann", "nobody"]) {
    expect(await ids(model, { userId })).toEqual(naiveIds(transactions, (one) => one.userId === userId));
  }
  expect(await ids(model, { userIdPrefix: "an", kinds: [1] })).toEqual(
    naiveIds(transactions, (one) => one.userId.startsWith("an") && one.kind === 1),
  );
  const states = ["PENDING", "EXECUTED", "REJECTED"];
  expect(await ids(model, { states, tag: "BLUE FOX" })).toEqual(
    naiveIds(transactions, (one) => states.includes(one.state) && one.tag === "BLUE FOX"),
  );
  expect(await ids(model, { states })).toEqual(naiveIds(transactions, (one) => states.includes(one.state)));
  const middle = history.store.now() - 60_000;
  expect(await ids(model, { from: middle })).toEqual(naiveIds(transactions, (one) => one.createdAt >= middle));
  expect(await ids(model, { below: middle })).toEqual(naiveIds(transactions, (one) => one.createdAt < middle));
  const prefix = transactions[0]?.txId.slice(0, 6) ?? "0";
  expect(await ids(model, { txIdPrefix: prefix })).toEqual(
    naiveIds(transactions, (one) => one.txId.startsWith(prefix)),
  );

  expect(await places(model)).toEqual(naivePlaces(entries, () => true));
  expect(await places(model, { event: "delivery.", tenantId })).toEqual(
    naivePlaces(entries, (one) => one.event.startsWith("delivery.") && one.tenant === tenantId),
  );
  expect(await places(model, { actor: "core", event: "test.beside" })).toEqual(
    naivePlaces(entries, (one) => one.actor === "core" && one.event === "test.beside"),
  );
  expect(await places(model, { subject: "user:ann" })).toEqual(
    naivePlaces(entries, (one) => one.subject === "user:ann"),
  );
  for (const text of ["nel_dow", "ANN", prefix]) {
    expect(await places(model, { text })).toEqual(
      naivePlaces(entries, ({ event, actor, subject, detail }) =>
        [event, actor, subject, String(detail["reason"] ?? "")].some((one) =>
          one.toLowerCase().includes(text.toLowerCase()),
        ),
      ),
    );
  }
  await expectCounts(history, model, transactions);
  return true;
}

async function expectCounts(history: History, model: ReadModel, transactions: readonly Transaction[]): Promise<void> {
  const summary = await use(model, async (file) => readSummary(file, undefined, history.store.now()));
  const counts = transactions.flatMap((one) => countsOfTransaction(transactionRow(one)));
  const open = new Map<string, number>();
  for (const [minute, what] of counts) {
    if (minute === NOW) open.set(what.slice(5), (open.get(what.slice(5)) ?? 0) + 1);
  }
  expect(new Map([...summary.open].filter(([, n]) => n > 0))).toEqual(open);
  const ended = (outcome: string): number =>
    summary.hours.reduce((sum, point) => sum + (point.ended.get(outcome) ?? 0), 0);
  for (const outcome of ["CONFIRMED", "REJECTED", "EXPIRED"]) {
    expect(ended(outcome)).toBe(counts.filter(([, what]) => what === `ended.${outcome}`).length);
  }
  const one = await use(model, async (file) => readSummary(file, "9".repeat(32), history.store.now()));
  expect([one.open.size, one.deadLetters]).toEqual([0, 0]);
}

const happening = fc.record<Happening>({
  what: fc.constantFrom("create", "create", "move", "move", "move", "deliver", "fail", "advance"),
  which: fc.nat(30),
  how: fc.nat(40),
});
/** What befalls the process in between: nothing, an orderly end, or a kill. */
const turn = fc.record({
  happenings: fc.array(happening, { maxLength: 20 }),
  end: fc.constantFrom("ask", "close", "kill"),
});

test("the index is what a naive reader makes of any history, whatever befalls the process in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 5 }), async (turns) => {
      const history = new History();
      let path = newPath();
      const open = (): ReadModel => new ReadModel({ store: history.store, log, serverId, path });
      let model = open();
      for (const { happenings, end } of turns) {
        for (const one of happenings) await history.happen(one);
        if (end !== "close") await ids(model);
        if (end === "kill") path = killed(path);
        if (end !== "ask") await model.close();
        if (end !== "ask") model = open();
      }
      expect(await same(history, model)).toBe(true);
      await model.close();
    }),
    { numRuns: 8 },
  );
});

/** The files as a process leaves them that is killed now. */
function killed(path: string): string {
  const copy = newPath();
  for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  return copy;
}

async function filled(): Promise<{ history: History; model: (path?: string) => ReadModel }> {
  const history = new History();
  for (let i = 0; i < 60; i++) {
    const what = (["create", "move", "deliver", "advance"] as const)[i % 4] ?? "create";
    await history.happen({ what, which: i, how: i * 7 });
  }
  return { history, model: (path) => new ReadModel({ store: history.store, log, serverId, path }) };
}

test("a file that was closed in order is gone on with, and not read anew", async () => {
  const { history, model } = await filled();
  const path = newPath();
  const first = model(path);
  await ids(first);
  await first.close();
  const db = new DatabaseSync(path);
  db.exec("DELETE FROM tx");
  db.close();
  await history.happen({ what: "create", which: 0, how: 0 });
  const second = model(path);
  expect(await ids(second)).toHaveLength(1);
  await second.close();
});

test.each<readonly [string, (path: string) => void]>([
  ["is no database", (path) => writeFileSync(path, "garbage ".repeat(2000))],
  ["is of another version", (path) => exec(path, "UPDATE meta SET value = '0' WHERE name = 'version'")],
  ["is another installation's", (path) => exec(path, "UPDATE meta SET value = 'x' WHERE name = 'server'")],
  ["was not closed in order", (path) => exec(path, "UPDATE meta SET value = 'no' WHERE name = 'closed'")],
  ["names other entries than the chains have", (path) => exec(path, "UPDATE cursor SET hash = zeroblob(32)")],
  ["is ahead of the chains", (path) => exec(path, "UPDATE cursor SET seq = seq + 100")],
  ["lacks a table", (path) => exec(path, "DROP TABLE tally")],
])("a file that %s is built anew", async (_what, spoil) => {
  const { history, model } = await filled();
  const path = newPath();
  const first = model(path);
  await ids(first);
  await first.close();
  spoil(path);
  const second = model(path);
  expect(await same(history, second)).toBe(true);
  await second.close();
});

function exec(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

test("what goes wrong while it is asked has the caller look for himself, and the next one asks a new index", async () => {
  const { history, model } = await filled();
  const one = model(newPath());
  await ids(one);
  expect(await one.use(({ db }) => db.exec("SELECT 1 FROM nowhere"))).toBeUndefined();
  expect(await same(history, one)).toBe(true);
  await one.close();
});

test("a shard that was altered is left out, and the others are there", async () => {
  const { history } = await filled();
  const [first] = await history.transactions();
  const broken = Number.parseInt(first?.txId.slice(0, 4) ?? "", 16);
  const { IntegrityError } = await import("../store/store.ts");
  const store = new Proxy(history.store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name !== "audit") return typeof member === "function" ? member.bind(target) : member;
      return (shard: number, from: number, limit: number) =>
        shard === broken ? Promise.reject(new IntegrityError("altered")) : target.audit(shard, from, limit);
    },
  });
  const model = new ReadModel({ store, log, serverId });
  const left = (await history.transactions()).filter(({ txId }) => Number.parseInt(txId.slice(0, 4), 16) !== broken);
  expect(await ids(model)).toEqual(naiveIds(left, () => true));
  await model.close();
});

/** Of a shard that is the last one of its slice while the index is built. */
function lastOfSlice(): string {
  for (let i = 0; ; i++)
    if (shardOfUser(tenantId, `user-${i}`) % SHARDS_A_SLICE === SHARDS_A_SLICE - 1) return `user-${i}`;
}

test("what was committed while its shard was being read is found by whoever asks after that", async () => {
  const history = new History();
  const user = lastOfSlice();
  await history.create(tenantId, user, 0);
  const [reading, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const store = new Proxy(history.store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name !== "load") return typeof member === "function" ? member.bind(target) : member;
      return async (...args: Parameters<typeof target.load>): Promise<unknown> => {
        const loaded = await target.load(...args);
        reading.resolve();
        await gate.promise;
        return loaded;
      };
    },
  });
  const model = new ReadModel({ store, log, serverId });
  const before = ids(model);
  await reading.promise;
  await history.create(tenantId, user, 0);
  const after = ids(model);
  // By then it is known what he waits for.
  await nextTurn();
  gate.resolve();
  expect(await after).toEqual(naiveIds(await history.transactions(), () => true));
  await before;
  await model.close();
});
