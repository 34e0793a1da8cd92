import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AdminServiceListDeliveriesRequest } from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { deliveryWrite } from "../delivery/delivery-index.ts";
import { deliveryKey } from "../delivery/delivery-key.ts";
import { userEntryWrite } from "../identity/create-user.ts";
import { shardOfTransaction, shardOfUser } from "../store/entity.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";

let world: ServedAdmins;
let transactionId: string;
beforeEach(async () => {
  world = await ServedAdmins.open();
  const { world: core } = world.admins;
  const { identity } = core;
  await core.commit(shardOfUser(identity.tenantId, identity.userId), [userEntryWrite(await core.user())]);
  ({ txId: transactionId } = await core.pending());
});
afterEach(() => world.close());

/** As it is when the provider said no for good, and another channel is asked. */
async function fail(): Promise<void> {
  const { given, tenantId, linkId } = world.admins.world;
  const shard = shardOfTransaction(transactionId);
  const { entities, now } = await given.store.load(shard, deliveryKey(tenantId, transactionId, linkId));
  const [loaded] = entities;
  if (loaded.body === undefined) throw new Error("nothing was delivered");
  const body = { ...loaded.body, state: "FAILED", reason: "CHANNEL_DOWN", retryAt: undefined } as const;
  await world.admins.world.commit(shard, [deliveryWrite(loaded, body, now)]);
}

const list = async (filter: Partial<AdminServiceListDeliveriesRequest> = {}) =>
  (await call(world.client, "listDeliveries", AdminServiceListDeliveriesRequest.create(filter), world.anna.token))
    .deliveries;

const requeue = () => {
  const { linkId } = world.admins.world;
  return call(world.client, "requeueDelivery", { tenantId: "", transactionId, linkId }, world.anna.token);
};

test("messages of open transactions by state, platform and user; no code in any", async () => {
  const { linkId, botId } = world.admins.world;
  const all = await list();
  expect(all).toMatchObject([{ transactionId, userId: "erika", botId, canRequeue: false }]);
  expect(all[0]?.attempt).toMatchObject({ linkId, platform: "sandbox", state: DeliveryState.QUEUED });
  expect(await list({ userId: "erika", platform: "telegram" })).toEqual([]);
  expect(await list({ states: [DeliveryState.FAILED] })).toEqual([]);
  await fail();
  expect(await list({ states: [DeliveryState.FAILED] })).toMatchObject([{ transactionId, canRequeue: true }]);
  const code = world.admins.world.code(await world.admins.world.transaction(transactionId));
  const text = JSON.stringify(all, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  // Beside ids and moments, which have the same digits in a row by chance.
  expect(text).not.toMatch(new RegExp(`(?<![0-9a-f])${code}(?![0-9a-f])`));
});

test("a dead letter is tried again once, in its chat, while its time is not up", async () => {
  const { botId, given, clock } = world.admins.world;
  expect(await refused(requeue())).toMatchObject({ reason: "STATE_CONFLICT", metadata: { state: "QUEUED" } });
  await fail();
  expect(await given.store.lane(botId, 10)).toHaveLength(0);
  expect((await requeue()).delivery?.attempt?.state).toBe(DeliveryState.QUEUED);
  expect(await given.store.lane(botId, 10)).toHaveLength(1);
  await fail();
  clock.advance(116_000);
  expect(await list()).toMatchObject([{ canRequeue: false }]);
  expect((await refused(requeue())).message).toContain("time is up");
});

test("not to a chat that was unlinked", async () => {
  const { linkId } = world.admins.world;
  await fail();
  await call(world.client, "revokeLink", { tenantId: "", userId: "erika", linkId }, world.anna.token);
  expect((await refused(requeue())).reason).toBe("STATE_CONFLICT");
});
