import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  AdminServiceListBotsRequest,
  AdminServiceListKeysRequest,
  AdminServiceListLinksRequest,
  AdminServiceRevokeTokenRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { KeyState } from "@countersign/proto/node/core/v1/key_service";
import {
  TransactionServiceClient,
  TransactionServiceWatchRequest,
} from "@countersign/proto/node/core/v1/transaction_service";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import {
  AuditServiceClient,
  AuditServiceListRequest,
  type AuditEvent,
} from "@countersign/proto/node/admin/v1/audit_service";
import { ADMINISTRATION } from "../store/entity.ts";
import { hashOf, ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { bearer, endedBy } from "../testing/serve-world.ts";
import { tokenId } from "../rpc/token.ts";

let world: ServedAdmins;
let transactions: TransactionServiceClient;
let audit: AuditServiceClient;
beforeEach(async () => {
  world = await ServedAdmins.open();
  transactions = new TransactionServiceClient(world.served.address, credentials.createInsecure());
  audit = new AuditServiceClient(world.served.address, credentials.createInsecure());
});
afterEach(async () => {
  transactions.close();
  audit.close();
  await world.close();
});

const tenantId = "";

/** All that the audit says of an actor. */
async function did(actor: string): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  let pageToken = "";
  do {
    const request = AuditServiceListRequest.create({ actor, pageSize: 100, pageToken });
    const page = await call(audit, "list", request, world.anna.token);
    events.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return events;
}

/** A stream of an app, as its token opened it; resolves with what ends it. */
async function watched(token: string): Promise<{ readonly ended: Promise<string> }> {
  const { txId: transactionId } = await world.admins.world.pending();
  const request = TransactionServiceWatchRequest.create({ transactionId });
  const stream = transactions.watch(request, bearer(token));
  const ended = new Promise<string>((resolve) => {
    stream.on("error", (error: ServiceError) => resolve(endedBy(error).reason));
    stream.on("end", () => resolve("OK"));
  });
  await new Promise<void>((resolve) => stream.once("data", () => resolve()));
  return { ended };
}

test("a disabled app's tokens open nothing, and the stream that is open ends", async () => {
  const { admins, client, anna } = world;
  const { appId, token } = await admins.world.addApp(admins.world.tenantId, "submit");
  const stream = await watched(token);
  const { app } = await call(client, "disableApp", { tenantId, appId }, anna.token);
  expect(app?.disabled).toBe(true);
  expect(await stream.ended).toBe("UNAUTHENTICATED");
  expect((await refused(call(world.users, "get", { userId: "erika" }, token))).reason).toBe("UNAUTHENTICATED");
});

test("one token of several is revoked with its stream; the other goes on", async () => {
  const { admins, client, anna } = world;
  const { appId, token: old } = await admins.world.addApp(admins.world.tenantId, "submit");
  const young = world.draw("cs_app_");
  const value = { holder: { $case: "appId", value: appId } as const, tokenSha256: hashOf(young), overlap: undefined };
  await admins.confirm(anna, await admins.request(client, anna, { $case: "addToken", value }));
  const [gone, kept] = [await watched(young), await watched(old)];
  const request = { tenantId, holder: { $case: "appId", value: appId } as const, tokenSha256: tokenId(young) };
  expect((await call(client, "revokeToken", request, anna.token)).tokens).toEqual([]);
  expect(await gone.ended).toBe("UNAUTHENTICATED");
  await call(world.users, "get", { userId: "erika" }, old);
  // The one from before the list goes with all.
  await call(client, "revokeToken", { ...request, tokenSha256: "" }, anna.token);
  expect(await kept.ended).toBe("UNAUTHENTICATED");
});

test("a stream ends when the time of its token is up, though nobody writes then", async () => {
  const { admins, client, anna } = world;
  const { appId, token: old } = await admins.world.addApp(admins.world.tenantId, "submit");
  const overlap = { seconds: 60n, nanos: 0 };
  const value = {
    holder: { $case: "appId", value: appId } as const,
    tokenSha256: hashOf(world.draw("cs_app_")),
    overlap,
  };
  await admins.confirm(anna, await admins.request(client, anna, { $case: "addToken", value }));
  const stream = await watched(old);
  admins.world.clock.advance(60_000);
  expect(await stream.ended).toBe("UNAUTHENTICATED");
});

test("a revoked administrator's token, and a disabled administrator", async () => {
  const { client, anna, bob } = world;
  const holder = { $case: "adminId", value: "bob" } as const;
  const request = AdminServiceRevokeTokenRequest.create({ holder });
  expect((await call(client, "revokeToken", request, anna.token)).tokens).toEqual([]);
  expect((await refused(call(client, "whoAmI", {}, bob.token))).reason).toBe("UNAUTHENTICATED");
  await call(client, "disableAdmin", { adminId: "anna" }, anna.token);
  expect((await refused(call(client, "whoAmI", {}, anna.token))).reason).toBe("UNAUTHENTICATED");
  expect((await world.admins.world.user({ tenantId: ADMINISTRATION, userId: "anna" })).state).toBe("SUSPENDED");
});

test("users, keys and chats are stopped, told with before and after, and repeating it changes nothing", async () => {
  const { admins, client, anna } = world;
  const { key, linkId, identity } = admins.world;
  for (let i = 0; i < 2; i++) {
    const frozen = await call(client, "freezeUser", { tenantId, userId: "erika" }, anna.token);
    expect(frozen.user?.state).toBe(UserState.FROZEN);
    await call(client, "revokeKey", { tenantId, keyId: key.keyId }, anna.token);
    const { channels } = await call(client, "revokeLink", { tenantId, userId: "erika", linkId }, anna.token);
    expect(channels).toEqual([]);
  }
  for (let i = 0; i < 2; i++) await call(client, "suspendUser", { tenantId, userId: "erika" }, anna.token);
  expect((await admins.world.user(identity)).state).toBe("SUSPENDED");
  const keys = AdminServiceListKeysRequest.create({ userId: "erika", state: KeyState.REVOKED });
  expect((await call(client, "listKeys", keys, anna.token)).keys).toMatchObject([{ keyId: key.keyId }]);
  const links = AdminServiceListLinksRequest.create({ userId: "erika" });
  expect((await call(client, "listLinks", links, anna.token)).channels).toEqual([]);
  const told = (await did("admin:anna")).map(({ event }) => event).filter((event) => /^(user|key|link)\./.test(event));
  const events = ["user.frozen", "key.revoked", "link.unlinked", "link.cleared", "user.suspended"];
  expect(told.toSorted()).toEqual(events.toSorted());
  const frozen = (await did("admin:anna")).find(({ event }) => event === "user.frozen");
  expect(JSON.parse(frozen?.detailJson ?? "")).toEqual({ after: "FROZEN", before: "ACTIVE" });
});

test("a transaction is withdrawn with a reason, and needs one", async () => {
  const { admins, client, anna } = world;
  const { txId: transactionId } = await admins.world.pending();
  const bare = { tenantId, transactionId, reason: "" };
  expect((await refused(call(client, "cancelTransaction", bare, anna.token))).message).toContain("reason");
  await call(client, "cancelTransaction", { ...bare, reason: "it is a fraud" }, anna.token);
  expect(await admins.world.transaction(transactionId)).toMatchObject({ state: "CANCELLED", detail: "it is a fraud" });
});

test("a paused bot is told as such, once in the audit", async () => {
  const { admins, client, anna } = world;
  const { botId } = admins.world;
  for (let i = 0; i < 2; i++) {
    expect((await call(client, "pauseBot", { tenantId, botId }, anna.token)).bot?.paused).toBe(true);
  }
  const paused = (await did("admin:anna")).filter(({ event }) => event === "bot.paused");
  expect(paused.map(({ detailJson }) => JSON.parse(detailJson) as unknown)).toEqual([
    { after: "paused", before: "running" },
  ]);
  const { bots } = await call(client, "listBots", AdminServiceListBotsRequest.create(), anna.token);
  expect(bots).toMatchObject([{ botId, paused: true, attached: false }]);
});
