import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  DeliveryReason,
  type AdminServiceSendTestMessageResponse,
} from "@countersign/proto/node/admin/v1/admin_service";
import { leaseKey } from "../channel/lease.ts";
import { botKey, linkKey } from "../identity/entity-key.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type HexId } from "../store/entity.ts";
import { servicesOf } from "../services.ts";
import { StoreAround } from "../store/store-around.ts";
import { ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { drawHexId } from "../testing/core-world.ts";
import { serveWorld } from "../testing/serve-world.ts";
import { MOST_TESTS } from "./send-test.ts";

class OtherCore extends StoreAround {}

let world: ServedAdmins;
beforeEach(async () => {
  world = await ServedAdmins.open();
  const { botId } = world.admins.world;
  await putBot(ADMINISTRATION, botId, "sandbox");
});
afterEach(() => world.close());

async function putBot(tenantId: HexId, botId: HexId, platform: "sandbox" | "mail"): Promise<HexId> {
  const body = { botId, tenantId, name: platform, platform, disabled: false, deepLink: "" };
  await world.admins.world.put(botKey(tenantId, botId), body);
  return botId;
}

const send = (
  admin: TestAdmin,
  botId = world.admins.world.botId,
  tenantId: HexId = ADMINISTRATION,
): Promise<AdminServiceSendTestMessageResponse> =>
  call(world.client, "sendTestMessage", { tenantId, botId }, admin.token);

const explain = (admin: TestAdmin, value: string) =>
  call(world.client, "explainDelivery", { tenantId: "", about: { $case: "testMessageId", value } }, admin.token);

async function told() {
  const { given, botId } = world.admins.world;
  const found = await given.store.lane(botId, 100);
  const bodies = await Promise.all(
    found.map(async ({ key }) => {
      const name = { ...key, type: "delivery" } as const;
      return (await given.store.load(ADMINISTRATION_SHARD, name)).entities[0].body;
    }),
  );
  return bodies.map((body) => ({ userId: body?.userId, notice: body?.wanted.notice }));
}

test("to his own chat, through the ordinary lane: that it is a test, who asked, when", async () => {
  const { anna } = world;
  const sent = await send(anna);
  expect(sent.channel).toMatchObject({ platform: "sandbox", botId: world.admins.world.botId });
  expect([sent.channel?.finding?.reason, sent.throughOtherBot]).toEqual([DeliveryReason.BOT_NOT_ATTACHED, false]);
  const at = world.admins.world.given.store.now();
  expect(await told()).toEqual([{ userId: "anna", notice: { type: "TEST", at, detail: "anna" } }]);
});

test("again within ten seconds it is the same, later another one", async () => {
  const first = await send(world.anna);
  expect((await send(world.anna)).testMessageId).toBe(first.testMessageId);
  world.admins.world.clock.advance(10_000);
  expect((await send(world.anna)).testMessageId).not.toBe(first.testMessageId);
  expect(await told()).toHaveLength(2);
});

test("twelve an hour, whatever sessions, chats and cores he sends them by; others have theirs", async () => {
  const { admins, anna, bob } = world;
  const { given, clock } = admins.world;
  // Another core on the same store knows nothing but what is stored.
  const elsewhere = await serveWorld(servicesOf({ ...given, store: new OtherCore(given.store) }));
  const there = admins.client(elsewhere.address);
  const session = await admins.addSession(anna);
  const { botId } = admins.world;
  try {
    for (let sent = 0; sent < MOST_TESTS; sent += 1) {
      clock.advance(10_000);
      const [client, token] = sent % 2 === 0 ? [world.client, anna.token] : [there, session];
      await call(client, "sendTestMessage", { tenantId: ADMINISTRATION, botId }, token);
    }
    clock.advance(10_000);
    expect(await told()).toHaveLength(MOST_TESTS);
    for (const client of [world.client, there]) {
      const ended = await refused(call(client, "sendTestMessage", { tenantId: ADMINISTRATION, botId }, session));
      expect(ended).toMatchObject({ reason: "RATE_LIMITED", retryAfterMs: 3_600_000 - MOST_TESTS * 10_000 });
    }
    expect(await told()).toHaveLength(MOST_TESTS);
    await send(bob);
    clock.advance(3_600_000 - MOST_TESTS * 10_000);
    await send(anna);
    expect(await told()).toHaveLength(MOST_TESTS + 2);
  } finally {
    there.close();
    await elsewhere.close();
  }
});

test("sent at once they are one message", async () => {
  const sent = await Promise.all(Array.from({ length: 5 }, () => send(world.anna)));
  expect(new Set(sent.map(({ testMessageId }) => testMessageId)).size).toBe(1);
  expect(await told()).toHaveLength(1);
});

test("ExplainDelivery tells its end, to who asked alone", async () => {
  const { testMessageId } = await send(world.anna);
  const { botId, given } = world.admins.world;
  const until = given.store.now() + 1e9;
  await world.admins.world.put(leaseKey({ tenantId: ADMINISTRATION, botId }), { botId, fence: 1, until });
  const { finding, channels } = await explain(world.anna, testMessageId);
  expect([finding?.reason, channels.length]).toEqual([DeliveryReason.WAITING, 1]);
  for (const id of [drawHexId(), "no id"]) {
    expect((await refused(explain(world.anna, id))).reason).toBe("NOT_FOUND");
  }
  expect((await refused(explain(world.bob, testMessageId))).reason).toBe("NOT_FOUND");
});

test("a tenant's bot is tested through the administration's of the same platform, and it says so", async () => {
  const { tenantId } = world.admins.world;
  const botId = await putBot(tenantId, drawHexId(), "sandbox");
  const sent = await send(world.anna, botId, tenantId);
  expect([sent.throughOtherBot, sent.channel?.botId]).toEqual([true, world.admins.world.botId]);
});

test("who has no chat on that platform is told to link one, and who has lost his as well", async () => {
  const { tenantId, given } = world.admins.world;
  const mail = await putBot(tenantId, drawHexId(), "mail");
  expect(await refused(send(world.anna, mail, tenantId))).toMatchObject({ reason: "NO_CHANNEL", code: 9 });
  const user = await given.store.list(ADMINISTRATION_SHARD, "link", "anna", { tenant: ADMINISTRATION, limit: 10 });
  for (const { id } of user) {
    const key = linkKey(ADMINISTRATION, id);
    const [held] = (await given.store.load(ADMINISTRATION_SHARD, key)).entities;
    if (held.body === undefined) continue;
    const body = { ...held.body, state: "DEAD" } as const;
    await world.admins.world.commit(ADMINISTRATION_SHARD, [{ key, expected: held.version, body }]);
  }
  expect((await refused(send(world.anna))).reason).toBe("NO_CHANNEL");
});

test("no such bot", async () => {
  expect((await refused(send(world.anna, drawHexId()))).reason).toBe("NOT_FOUND");
});
