// Lists over all users: what the index finds is loaded and judged, so that whoever writes to the index forges nothing.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import {
  AdminServiceListTransactionsRequest,
  AdminServiceListUsersRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { AuditServiceClient, AuditServiceListRequest } from "@countersign/proto/node/admin/v1/audit_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { credentials } from "@grpc/grpc-js";
import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { ReadModel, readModelOf } from "../read-model/read-model.ts";
import type { HexId } from "../store/entity.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";
import { listTransactions } from "./list-transactions.ts";

let world: ServedAdmins;
let audit: AuditServiceClient;
let own: HexId;
let other: HexId;
const [mine, theirs]: [string[], string[]] = [[], []];
const folder = tempFolder();

beforeAll(async () => {
  world = await ServedAdmins.open();
  audit = new AuditServiceClient(world.served.address, credentials.createInsecure());
  const { world: core } = world.admins;
  own = core.tenantId;
  other = await world.admins.addTenant("Other Bank");
  for (const tenantId of [own, other]) {
    // Made as before there was a list of users: nothing but the index finds them.
    for (const userId of ["karl", "karla"]) {
      await core.addUser({ tenantId, userId }, newTestKey(), drawHexId());
      for (let i = 0; i < 3; i++) {
        core.clock.advance(60_000);
        (tenantId === own ? mine : theirs).push((await core.pending({ tenantId, userId })).txId);
      }
    }
  }
});
afterAll(async () => {
  audit.close();
  await world.close();
});

const users = (filter: Partial<AdminServiceListUsersRequest>) =>
  call(world.client, "listUsers", AdminServiceListUsersRequest.create({ tenantId: own, ...filter }), world.anna.token);
const transactions = (filter: Partial<AdminServiceListTransactionsRequest>) => {
  const request = AdminServiceListTransactionsRequest.create({ tenantId: own, ...filter });
  return call(world.client, "listTransactions", request, world.anna.token);
};
const events = (filter: Partial<AuditServiceListRequest>) =>
  call(audit, "list", AuditServiceListRequest.create({ newestFirst: true, ...filter }), world.anna.token);

test("users from before there was a list of them are listed", async () => {
  const names = async (filter: Partial<AdminServiceListUsersRequest>): Promise<string[]> =>
    (await users(filter)).users.map(({ userId }) => userId);
  expect(await names({})).toEqual(["erika", "karl", "karla"]);
  expect(await names({ userIdPrefix: "karla" })).toEqual(["karla"]);
  const first = await users({ pageSize: 1 });
  expect(await names({ pageSize: 1, pageToken: first.nextPageToken })).toEqual(["karl"]);
});

test("the audit newest first over all shards, by event and by text", async () => {
  const created = await events({ event: "transaction.created", pageSize: 100 });
  const subjects = [...mine, ...theirs].toReversed().map((txId) => `transaction:${txId}`);
  expect(created.events.map(({ subject }) => subject)).toEqual(subjects);
  const [txId = ""] = mine;
  const found = await events({ text: txId.slice(3, 20).toUpperCase(), pageSize: 100 });
  expect(new Set(found.events.map(({ subject }) => subject))).toEqual(new Set([`transaction:${txId}`]));
  expect((await events({ text: "no such text anywhere" })).events).toEqual([]);

  const paged: string[] = [];
  for (let pageToken = ""; ;) {
    const page = await events({ tenantId: own, event: "transaction.", pageSize: 4, pageToken });
    paged.push(...page.events.map(({ shard, seq, index }) => `${shard}.${seq}.${index}`));
    ({ nextPageToken: pageToken } = page);
    if (pageToken === "") break;
  }
  const whole = await events({ tenantId: own, event: "transaction.", pageSize: 100 });
  expect(paged).toEqual(whole.events.map(({ shard, seq, index }) => `${shard}.${seq}.${index}`));
});

const pending = (count: bigint) => [{ state: State.PENDING, count }];

test("the summary of a tenant, and of all", async () => {
  const ask = (tenantId: string) => call(world.client, "getSummary", { tenantId }, world.anna.token);
  const [one, both] = [await ask(own), await ask("")];
  expect(one).toMatchObject({ index: { read: 1024, of: 1024 }, open: pending(6n), pendingChanges: 0n });
  expect(both.open).toMatchObject(pending(12n));
  expect([one.minutes.length, one.hours.length]).toEqual([60, 24]);

  const transactionId = theirs.at(-1) ?? "";
  await call(world.client, "cancelTransaction", { tenantId: other, transactionId, reason: "no" }, world.anna.token);
  const after = await ask(other);
  expect(after.open).toMatchObject(pending(5n));
  expect([after.minutes.at(-1)?.cancelled, after.hours.at(-1)?.cancelled]).toEqual([1n, 1n]);
  expect((await ask(own)).hours.at(-1)?.cancelled).toBe(0n);
});

/** A core whose index somebody else wrote to. */
async function withIndex(spoil: string, work: (given: CoreGiven) => Promise<void>): Promise<void> {
  const { given } = world.admins.world;
  const path = join(folder, `${drawHexId()}.db`);
  const readModel = new ReadModel({ ...given, path });
  await readModel.use(({ db }) => db.exec(spoil));
  await work({ ...given, readModel });
  await readModel.close();
}

const found = async (given: CoreGiven, filter: Partial<AdminServiceListTransactionsRequest>): Promise<string[]> => {
  const page = await listTransactions(given, own, AdminServiceListTransactionsRequest.create(filter));
  if (isRefusal(page)) throw new Error(page.message);
  return page.items.map(({ txId }) => txId);
};

test("an index that was written to shows nothing that the store does not say", async () => {
  const tenant = `(SELECT id FROM word WHERE text = '${own}')`;
  await withIndex(`UPDATE tx SET tenant = ${tenant}, user = 'karl', state = 'EXECUTED', tag = 'X'`, async (given) => {
    expect(await found(given, { pageSize: 100 })).toEqual(mine.toReversed());
    expect(await found(given, { userId: "karl", pageSize: 100 })).toEqual(mine.slice(0, 3).toReversed());
    expect(await found(given, { states: [State.EXECUTED] })).toEqual([]);
    expect(await found(given, { tag: "x" })).toEqual([]);
  });
  const invented = "INSERT INTO tx (place, id, tenant, user, kind, tag, state) VALUES";
  const rows = [
    `(1, '${"0".repeat(32)}', ${tenant}, 'karl', 1, 'X', 'PENDING')`,
    `(2, 'x', ${tenant}, 'karl', 1, 'X', '')`,
  ];
  await withIndex(`${invented} ${rows.join(", ")}`, async (given) => {
    expect(await found(given, { pageSize: 100 })).toEqual(mine.toReversed());
  });
});

test("it can hide what is there, until it is built anew", async () => {
  const [hidden = ""] = mine;
  await withIndex(`DELETE FROM tx WHERE id = '${hidden}'`, async (given) => {
    expect(await found(given, { pageSize: 100 })).not.toContain(hidden);
    expect(await found(world.admins.world.given, { pageSize: 100 })).toContain(hidden);
  });
});

test("who began with one order goes on with it when the index is gone", async () => {
  const { given } = world.admins.world;
  const first = await listTransactions(given, own, AdminServiceListTransactionsRequest.create({ pageSize: 2 }));
  if (isRefusal(first)) throw new Error(first.message);
  const readModel = new ReadModel({ ...given, path: join(folder, "no", "such", "folder.db") });
  const gone = { ...given, readModel };
  const rest = { pageSize: 2, pageToken: first.nextPageToken };
  expect(await listTransactions(gone, own, AdminServiceListTransactionsRequest.create(rest))).toMatchObject({
    refused: "UNAVAILABLE",
  });
  const walked = await listTransactions(gone, own, AdminServiceListTransactionsRequest.create({ userId: "karl" }));
  expect(walked).toMatchObject({
    items: mine
      .slice(0, 3)
      .toReversed()
      .map((txId) => ({ txId })),
  });
  expect(readModelOf(gone).progress).toEqual({ read: 0, of: 1024 });
});

const badInput = (field: string) => ({
  reason: "BAD_INPUT",
  message: expect.stringContaining(`${field}: `) as unknown,
});
const at = (seconds: bigint, nanos = 0) => ({ seconds, nanos });
const token = (text: string): string => Buffer.from(text).toString("base64url");

test.each<readonly [string, Partial<AdminServiceListTransactionsRequest>]>([
  ["states[1]", { states: [State.PENDING, State.UNSPECIFIED] }],
  ["states[0]", { states: [99 as State] }],
  ["kinds[0]", { kinds: [0] }],
  ["user_id", { userId: "a b" }],
  ["user_id_prefix", { userIdPrefix: "a b" }],
  ["user_id_prefix", { userIdPrefix: "a".repeat(65) }],
  ["transaction_id_prefix", { transactionIdPrefix: "0x" }],
  ["transaction_id_prefix", { transactionIdPrefix: "a".repeat(33) }],
  ["created_after.seconds", { createdAfter: at(-1n) }],
  ["created_after.nanos", { createdAfter: at(1n, -1) }],
  ["created_before.seconds", { createdBefore: at(253_402_300_800n) }],
  ["created_before", { createdAfter: at(5n), createdBefore: at(5n) }],
  ["page_size", { pageSize: 101 }],
  ["page_token", { pageToken: "garbage" }],
  ["page_token", { pageToken: token("a1.0123456789abcdef.i.1") }],
])("transactions: %s is refused by its name", async (field, filter) => {
  expect(await refused(transactions(filter))).toMatchObject(badInput(field));
});

test.each<readonly [string, Partial<AuditServiceListRequest>]>([
  ["text", { text: "x" }],
  ["text", { text: "x".repeat(65) }],
  ["text", { text: "xy", newestFirst: false }],
  ["after.seconds", { after: at(-1n) }],
  ["before", { after: at(5n), before: at(4n) }],
  ["page_token", { pageToken: "garbage" }],
])("audit: %s is refused by its name", async (field, filter) => {
  expect(await refused(events(filter))).toMatchObject(badInput(field));
});

test("a page token is of one list, one tenant and one filter alone, and whole", async () => {
  const { nextPageToken: pageToken } = await transactions({ pageSize: 2 });
  const wrong = badInput("page_token");
  expect(await refused(transactions({ pageToken, tenantId: other }))).toMatchObject(wrong);
  expect(await refused(transactions({ pageToken, states: [State.PENDING] }))).toMatchObject(wrong);
  expect(await refused(transactions({ pageToken, transactionIdPrefix: "0" }))).toMatchObject(wrong);
  expect(await refused(users({ pageToken }))).toMatchObject(wrong);
  expect(await refused(events({ pageToken }))).toMatchObject(wrong);
  for (const cut of [pageToken.slice(0, 10), pageToken.slice(0, 24)]) {
    expect(await refused(transactions({ pageToken: cut }))).toMatchObject(wrong);
  }
  const bound = Buffer.from(pageToken, "base64url").toString("latin1").slice(0, 20);
  for (const place of ["i.", "i.x", "i.99999999999999999999", "w", "-1/", "0/1.1"]) {
    expect(await refused(transactions({ pageToken: token(bound + place) }))).toMatchObject(wrong);
  }
});
