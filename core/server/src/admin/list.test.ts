import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  AdminServiceListChangesRequest,
  AdminServiceListTransactionsRequest,
  AdminServiceListUsersRequest,
  AdminServiceSimulatePolicyRequest,
  ChangeState,
} from "@countersign/proto/node/admin/v1/admin_service";
import { AuditServiceClient, AuditServiceListRequest } from "@countersign/proto/node/admin/v1/audit_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import { credentials } from "@grpc/grpc-js";
import { createUser, userEntryWrite } from "../identity/create-user.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfUser } from "../store/entity.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";

const USERS = 37;
let world: ServedAdmins;
let audit: AuditServiceClient;
/** The first one was made as before there was a list of users. */
const userIds: string[] = ["erika"];
const txIds: string[] = [];

beforeAll(async () => {
  world = await ServedAdmins.open();
  audit = new AuditServiceClient(world.served.address, credentials.createInsecure());
  const { world: core } = world.admins;
  const { tenantId } = core;
  const bodyHash = new Uint8Array(32);
  for (let i = 0; i < USERS; i++) {
    const userId = `user-${i}`;
    // Many of one moment, some later.
    if (i % 10 === 0) core.clock.advance(1);
    const use = { tenantId, by: core.appId, rpc: "user.create", requestId: userId, bodyHash };
    const made = await createUser(core.given, use, { userId, phrase: "", locale: "en" });
    if (isRefusal(made)) throw new Error(made.message);
    userIds.push(userId);
  }
  for (const userId of ["payer-1", "payer-2"]) {
    await core.addUser({ tenantId, userId }, newTestKey(), drawHexId());
    const user = await core.user({ tenantId, userId });
    await core.commit(shardOfUser(tenantId, userId), [userEntryWrite(user)]);
    userIds.push(userId);
    for (let i = 0; i < 7; i++) {
      core.clock.advance(61_000 * 5);
      txIds.push((await core.pending({ userId })).txId);
    }
  }
});
afterAll(async () => {
  audit.close();
  await world.close();
});

interface Page {
  readonly nextPageToken: string;
}

/** All pages, each asked with the token of the one before. */
async function every<P extends Page, T>(ask: (pageToken: string) => Promise<P>, items: (page: P) => T[]): Promise<T[]> {
  const all: T[] = [];
  let pageToken = "";
  do {
    const page = await ask(pageToken);
    all.push(...items(page));
    ({ nextPageToken: pageToken } = page);
  } while (pageToken !== "");
  return all;
}

const listUsers = (filter: Partial<AdminServiceListUsersRequest>, pageSize: number) =>
  every(
    (pageToken) =>
      call(
        world.client,
        "listUsers",
        AdminServiceListUsersRequest.create({ ...filter, pageSize, pageToken }),
        world.anna.token,
      ),
    ({ users }) => users.map(({ userId }) => userId),
  );

test.each([1, 3, 100])("users in pages of %s: each once", async (pageSize) => {
  expect((await listUsers({}, pageSize)).toSorted()).toEqual(userIds.toSorted());
});

test("users by the beginning of their name, and by state", async () => {
  expect((await listUsers({ userIdPrefix: "user-3" }, 2)).toSorted()).toEqual(
    userIds.filter((userId) => userId.startsWith("user-3")).toSorted(),
  );
  await call(world.client, "suspendUser", { tenantId: "", userId: "user-7" }, world.anna.token);
  expect(await listUsers({ state: UserState.SUSPENDED }, 5)).toEqual(["user-7"]);
});

const listTransactions = (filter: Partial<AdminServiceListTransactionsRequest>, pageSize: number) =>
  every(
    (pageToken) => {
      const request = AdminServiceListTransactionsRequest.create({ ...filter, pageSize, pageToken });
      return call(world.client, "listTransactions", request, world.anna.token);
    },
    ({ transactions }) => transactions.map(({ transactionId }) => transactionId),
  );

test.each([1, 3, 100])("transactions of one user in pages of %s: each once, newest first", async (pageSize) => {
  expect(await listTransactions({ userId: "payer-1" }, pageSize)).toEqual(txIds.slice(0, 7).toReversed());
});

test.each([4, 100])("transactions of all users in pages of %s: each once, newest first", async (pageSize) => {
  expect(await listTransactions({}, pageSize)).toEqual(txIds.toReversed());
});

test("transactions by the beginning of their id, and of their user's name", async () => {
  const [first = ""] = txIds;
  expect(await listTransactions({ transactionIdPrefix: first.slice(0, 12) }, 3)).toEqual([first]);
  expect(await listTransactions({ userIdPrefix: "payer-2" }, 3)).toEqual(txIds.slice(7).toReversed());
  expect(await listTransactions({ userIdPrefix: "nobody" }, 3)).toEqual([]);
});

test("transactions by state and time, and what is wrong with a filter", async () => {
  const { admins, client, anna } = world;
  const [transactionId = ""] = txIds.slice(-1);
  await call(client, "cancelTransaction", { tenantId: "", transactionId, reason: "no" }, anna.token);
  expect(await listTransactions({ userId: "payer-2", states: [State.CANCELLED] }, 2)).toEqual([transactionId]);
  const at = { seconds: BigInt(Math.floor(admins.world.given.store.now() / 1000)), nanos: 0 };
  expect(await listTransactions({ userId: "payer-2", createdBefore: { ...at, seconds: 1n } }, 2)).toEqual([]);
  const crossed = AdminServiceListTransactionsRequest.create({ createdAfter: at, createdBefore: at });
  const ended = await refused(call(client, "listTransactions", crossed, anna.token));
  expect(ended).toMatchObject({ reason: "BAD_INPUT" });
  expect(ended.message).toContain("created_before");
  const nobody = AdminServiceListTransactionsRequest.create({ userId: "nobody" });
  expect((await refused(call(client, "listTransactions", nobody, anna.token))).reason).toBe("NOT_FOUND");
});

test("changes, newest first, by state and by who asked", async () => {
  const { admins, client, anna, bob } = world;
  const { botId } = admins.world;
  const ids: string[] = [];
  for (const admin of [anna, bob, anna, anna]) {
    admins.world.clock.advance(600_000);
    const asked = await admins.request(client, admin, { $case: "resumeBot", value: { botId } });
    ids.unshift(asked.change?.changeId ?? "");
  }
  await call(client, "rejectChange", { changeId: ids[0] ?? "", reason: "" }, bob.token);
  const list = (filter: Partial<AdminServiceListChangesRequest>) =>
    every(
      (pageToken) =>
        call(
          client,
          "listChanges",
          AdminServiceListChangesRequest.create({ ...filter, pageSize: 1, pageToken }),
          anna.token,
        ),
      ({ changes }) => changes.map(({ changeId }) => changeId),
    );
  expect(await list({})).toEqual(ids);
  const first = AdminServiceListChangesRequest.create({ pageSize: 1 });
  const { nextPageToken } = await call(client, "listChanges", first, anna.token);
  const [, of = ""] = Buffer.from(nextPageToken, "base64url").toString().split(".");
  for (const place of ["NaN", "-1", "1e3", "Infinity"]) {
    const pageToken = Buffer.from(`a1.${of}.${place}`).toString("base64url");
    const forged = await refused(call(client, "listChanges", { ...first, pageToken }, anna.token));
    expect([place, forged.reason]).toEqual([place, "BAD_INPUT"]);
    expect(forged.message).toContain("not a token of this list");
  }
  expect(await list({ requestedBy: "bob" })).toEqual([ids[2]]);
  expect(await list({ states: [ChangeState.REJECTED] })).toEqual([ids[0]]);
});

test("what other rules would have made of the transactions, member by member; nothing changes", async () => {
  const { client, anna } = world;
  const simulate = (documentJson: string, transactions = 0) =>
    call(
      client,
      "simulatePolicy",
      AdminServiceSimulatePolicyRequest.create({ documentJson, transactions }),
      anna.token,
    );
  const kept = await simulate("{}");
  expect(kept.lookedAt).toBe(14);
  expect(kept.differences).toEqual([]);
  const stricter = await simulate('{"digits":8,"tries":2}');
  expect(stricter.differences).toHaveLength(14);
  expect(stricter.differences[0]?.members).toEqual([
    { name: "digits", before: "6", after: "8" },
    { name: "tries", before: "3", after: "2" },
  ]);
  const closed = await simulate('{"kinds":["LOGIN"]}', 3);
  expect(closed.lookedAt).toBe(3);
  expect(closed.differences[0]?.members).toMatchObject([{ name: "refused", before: "" }]);
  expect((await call(client, "getPolicy", { tenantId: "" }, anna.token)).policy?.version).toBe(1);
  expect((await refused(simulate('{"digits":1}'))).message).toContain("digits");
});

test("the audit by event, actor and subject, page by page", async () => {
  const { client, anna, admins } = world;
  await call(client, "freezeUser", { tenantId: "", userId: "user-1" }, anna.token);
  const { tenantId } = admins.world;
  const list = (filter: Partial<AuditServiceListRequest>) =>
    every(
      (pageToken) =>
        call(audit, "list", AuditServiceListRequest.create({ ...filter, pageSize: 2, pageToken }), anna.token),
      ({ events }) => events,
    );
  const of = await list({ tenantId, subject: "user:user-1" });
  expect(of.map(({ event, actor }) => [event, actor])).toEqual([
    ["user.created", `app:${admins.world.appId}`],
    ["user.frozen", "admin:anna"],
  ]);
  expect(of.every(({ entryHash, tenantId: whose }) => entryHash.length === 32 && whose === tenantId)).toBe(true);
  const made = await list({ tenantId, event: "user.created" });
  expect(made).toHaveLength(USERS);
  const users = await list({ tenantId, event: "user.", actor: "admin:anna" });
  expect(users.every(({ event }) => event.startsWith("user."))).toBe(true);
  expect(await list({ tenantId, event: "user.nothing" })).toEqual([]);
});
