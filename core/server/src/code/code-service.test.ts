import { afterEach, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import {
  DeliveryEventType,
  DeliveryState,
  type CodeServiceGetDeliveryResponse,
} from "@countersign/proto/node/core/v1/code_service";
import { Fate } from "@countersign/proto/node/channel/v1/channel_service";
import { ChannelWorld } from "../channel/testing/channel-world.ts";
import { drawHexId } from "../testing/core-world.ts";

let world: ChannelWorld;
afterEach(() => world.close());

function getDelivery(transactionId: string): Promise<CodeServiceGetDeliveryResponse["attempts"]> {
  return new Promise((resolve, reject) => {
    world.codes.getDelivery({ transactionId }, world.app, (error, response) =>
      error ? reject(error) : resolve(response.attempts),
    );
  });
}

function resend(transactionId: string): Promise<number> {
  return new Promise((resolve, reject) => {
    world.codes.resend({ transactionId }, world.app, (error, response) =>
      error ? reject(error) : resolve(response.resendsLeft),
    );
  });
}

test("GetDelivery tells every attempt, oldest first, and never the code", async () => {
  world = await ChannelWorld.open();
  const first = await world.attached((deliver, self) =>
    self.failed(deliver, Fate.PERMANENT, "CHANNEL_BLOCKED_BY_USER"),
  );
  const other = drawHexId();
  const second = world.bot(await world.botToken(other));
  await second.hello();
  await world.addLink(other, "sandbox");
  const tx = await world.core.pending();
  const { code } = await second.code();
  while ((await getDelivery(tx.txId)).at(-1)?.state !== DeliveryState.SENT) await new Promise((r) => setImmediate(r));
  const attempts = await getDelivery(tx.txId);
  expect(attempts).toMatchObject([
    { state: DeliveryState.FAILED, reason: "CHANNEL_BLOCKED_BY_USER", linkId: world.core.linkId },
    { state: DeliveryState.SENT, reason: "", issue: 1 },
  ]);
  const { QUEUED, HANDED, FAILED } = DeliveryEventType;
  expect(attempts[0]?.events.map(({ type }) => type)).toEqual([QUEUED, HANDED, FAILED]);
  expect(attempts[0]?.events.at(-1)).toMatchObject({ reason: "CHANNEL_BLOCKED_BY_USER", issue: 1 });
  expect(JSON.stringify(attempts, (_k, v: unknown) => (typeof v === "bigint" ? String(v) : v))).not.toContain(code);
  expect(first.delivered).toHaveLength(1);
});

test("check 18: Resend at 59 999 ms and at 60 000 ms, 3 times and no fourth", async () => {
  world = await ChannelWorld.open({ policy: { lifetimeS: 590 } });
  const tx = await world.core.pending();
  for (const left of [2, 1, 0]) {
    world.core.clock.advance(59_999);
    await expect(resend(tx.txId)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    world.core.clock.advance(1);
    expect(await resend(tx.txId)).toBe(left);
  }
  world.core.clock.advance(60_000);
  await expect(resend(tx.txId)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(await getDelivery(tx.txId)).toMatchObject([{ issue: 4, state: DeliveryState.QUEUED }]);
});

test("check 28: another tenant's transaction reads as unknown", async () => {
  world = await ChannelWorld.open();
  const tx = await world.core.pending();
  const other = drawHexId();
  await world.core.addTenant(other, "Other Bank");
  const { token } = await world.core.addApp(other, "submit");
  world.app.set("authorization", `Bearer ${token}`);
  for (const call of [getDelivery, resend]) {
    await expect(call(tx.txId)).rejects.toMatchObject({ code: status.NOT_FOUND });
    await expect(call("not an id")).rejects.toMatchObject({ code: status.NOT_FOUND });
  }
});
