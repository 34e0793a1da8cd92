import { afterEach, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { CommandType, Fate, NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import type { Delivery } from "../delivery/delivery.ts";
import { deliveryKey } from "../delivery/delivery-key.ts";
import { shardOfKey, shardOfTransaction } from "../store/entity.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { LEASE_MS } from "./lease.ts";
import { askCommand } from "./testing/ask.ts";
import { ChannelWorld } from "./testing/channel-world.ts";
import { idle } from "./testing/scripted-bot.ts";

let world: ChannelWorld;
afterEach(() => world.close());

async function promptOf({ txId }: Transaction): Promise<Delivery | undefined> {
  const key = deliveryKey(world.core.tenantId, txId, world.core.linkId);
  const { entities } = await world.given.store.load(shardOfTransaction(txId), key);
  return entities[0].body;
}

describe("a stream", () => {
  test("claim 03: the code reaches the chat, the key confirms with it, the message becomes the outcome", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const tx = await world.core.pending();
    const full = await bot.code();
    expect(full).toMatchObject({
      code: world.core.code(tx),
      tag: tx.tag,
      phrase: "blue teapot",
      peerId: world.core.linkId,
    });
    expect(bot.delivered.map(({ phase }) => phase)).toEqual([Phase.NOTICE, Phase.FULL]);
    expect(await world.confirm(tx, full.code)).toMatchObject({ state: "CONFIRMED" });
    const outcome = await bot.outcome();
    expect(outcome).toMatchObject({ code: "", notice: { type: NoticeType.CONFIRMED } });
    expect(outcome.actionRef).not.toBe("");
    expect(bot.phone.messages).toHaveLength(1);
  });

  test("begins with hello, of the token's platform, once", async () => {
    world = await ChannelWorld.open();
    const token = await world.botToken();
    const silent = world.bot(token);
    silent.write({ $case: "beat", value: { fence: 1n } });
    expect(await silent.ended()).toMatchObject({ code: status.INVALID_ARGUMENT });
    const liar = world.bot(token);
    await expect(liar.hello("telegram")).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    const evil = world.bot(token);
    await expect(evil.hello("sandbox", "no place for the t0ken")).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    const twice = world.bot(token);
    await twice.hello();
    twice.write({ $case: "hello", value: { platform: "sandbox", deepLink: "", leaseToken: Buffer.alloc(0) } });
    expect(await twice.ended()).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test("is for bots alone", async () => {
    world = await ChannelWorld.open();
    const { token } = await world.core.addApp(world.core.tenantId, "submit");
    await expect(world.bot(token).hello()).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    await expect(world.bot("cs_bot_" + "A".repeat(43)).hello()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  test("check 21: ends when its bot is disabled", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const key = { type: "bot", tenant: world.core.tenantId, id: world.core.botId } as const;
    const { entities } = await world.given.store.load(shardOfKey(key), key);
    const body = { ...entities[0].body, disabled: true } as NonNullable<(typeof entities)[0]["body"]>;
    await world.core.commit(shardOfKey(key), [{ key, expected: entities[0].version, body }]);
    expect(await bot.ended()).toMatchObject({ code: status.UNAUTHENTICATED });
  });

  test("a beat keeps the lease", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    for (let i = 0; i < 3; i++) {
      world.core.clock.advance(LEASE_MS - 1);
      bot.write({ $case: "beat", value: { fence: bot.fence } });
      await bot.next("beatAck");
    }
    await world.core.pending();
    expect((await bot.code()).code).toMatch(/^\d{6}$/);
  });

  test("a second Attach waits until the first ends, then has the next fence", async () => {
    world = await ChannelWorld.open();
    const token = await world.botToken();
    const first = world.bot(token);
    expect(await first.hello()).toMatchObject({ fence: 1n, leaseMs: LEASE_MS });
    const second = world.bot(token);
    const welcome = second.hello();
    const tx = await world.core.pending();
    await first.code();
    expect(second.told).toEqual([]);
    await first.close();
    expect(await welcome).toMatchObject({ fence: 2n });
    await happen(world.given, tx.txId, { type: "cancelled", by: "app", detail: "" }, "test");
    expect(await second.outcome()).toMatchObject({ providerId: "m1", notice: { type: NoticeType.CANCELLED } });
  });

  test("who holds the lease comes back to it at once over another stream; the stream that it left is over", async () => {
    world = await ChannelWorld.open();
    const token = await world.botToken();
    const left = world.bot(token);
    const { leaseToken, fence } = await left.hello();
    const again = world.bot(token);
    const welcome = await again.hello("sandbox", "", leaseToken);
    expect(welcome.fence).toBe(fence + 1n);
    expect(await left.ended()).toMatchObject({ code: status.ABORTED });
    // What it was known by once is worth nothing now.
    const late = world.bot(token);
    late.write({ $case: "hello", value: { platform: "sandbox", deepLink: "", leaseToken } });
    again.write({ $case: "beat", value: { fence: again.fence } });
    await again.next("beatAck");
    await again.close();
    expect((await late.next("welcome")).value.fence).toBe(fence + 2n);
  });

  test("a holder that is silent for the lease loses it; what it says then is STALE_FENCE, audited", async () => {
    world = await ChannelWorld.open();
    const token = await world.botToken();
    const first = world.bot(token, idle);
    await first.hello();
    const tx = await world.core.pending();
    await first.next("deliver");
    world.core.clock.advance(LEASE_MS);
    const second = world.bot(token);
    expect(await second.hello()).toMatchObject({ fence: 2n });
    expect(await first.ended()).toMatchObject({ code: status.ABORTED });
    expect(await world.auditOfBot("bot.stale-fence")).toHaveLength(1);
    // What the first left open is of an unknown fate to the second, and is repeated after a while.
    while ((await promptOf(tx))?.state === "SENDING") await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 4; i++) await world.pass(500);
    await second.code();
  });

  test("a report under another fence is ABORTED", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached(idle);
    await world.core.pending();
    const { value } = await bot.next("deliver");
    bot.fence = 7n;
    bot.sent(value);
    expect(await bot.ended()).toMatchObject({ code: status.ABORTED, details: expect.stringContaining("fence") });
  });

  test("threat 25: ten prompts without a reaction pause the chat until any command from it", async () => {
    world = await ChannelWorld.open({ policy: { openPerUser: 5, promptsPerMinute: 5 } });
    const bot = await world.attached();
    for (let i = 0; i < 10; i++) {
      const tx = await world.core.pending();
      await bot.until(() => bot.delivered.findLast(({ tag, phase }) => tag === tx.tag && phase === Phase.FULL));
      await world.pass(300_000);
      bot.write({ $case: "beat", value: { fence: bot.fence } });
      await bot.next("beatAck");
    }
    expect((await world.link()).unanswered).toBe(10);
    await expect(world.core.pending()).rejects.toThrow("NO_CHANNEL");
    expect(await askCommand(bot, world.core.linkId, CommandType.STATUS)).toMatchObject({
      paused: true,
      userState: "ACTIVE",
    });
    await world.core.pending();
    expect(await askCommand(bot, world.core.linkId, CommandType.STATUS)).toMatchObject({ paused: false });
  });
});

test.each([
  ["CHANNEL_BLOCKED_BY_USER", "DEAD", "CHANNEL_BLOCKED_BY_USER"],
  ["CHANNEL_DOWN", "LINKED", "CHANNEL_DOWN"],
  ["secret text of a provider", "LINKED", "CHANNEL_DOWN"],
] as const)("a permanent failure over the wire, %s: the link is %s, what is kept is %s", async (said, state, kept) => {
  world = await ChannelWorld.open();
  const bot = await world.attached((deliver, self) => self.failed(deliver, Fate.PERMANENT, said));
  const tx = await world.core.pending();
  while ((await world.core.transaction(tx.txId)).state === "PENDING") {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "UNDELIVERABLE" });
  expect(await world.link()).toMatchObject({ state });
  expect(await promptOf(tx)).toMatchObject({ state: "FAILED", reason: kept });
  expect(bot.delivered).toHaveLength(1);
});
