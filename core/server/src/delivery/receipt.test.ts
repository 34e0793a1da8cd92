import { afterEach, describe, expect, test } from "@jest/globals";
import type { Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { ChannelWorld } from "../channel/testing/channel-world.ts";
import { dutiful } from "../channel/testing/scripted-bot.ts";
import { drawHexId } from "../testing/core-world.ts";
import type { Effect } from "../transaction/transaction.ts";
import { afterReport, handOut, type Report } from "./attempt.ts";
import type { Delivery, Wanted } from "./delivery.ts";
import { afterReceipt } from "./receipt.ts";
import { aLink, aTransaction, idOf, NOW, txIdOf } from "./testing/entities.ts";
import { Phone } from "./testing/phone.ts";
import { FakeBot, good, turn, World } from "./testing/world.ts";
import { timelineOf } from "./timeline.ts";
import { firstWish, nextWish } from "./wish.ts";

const REACHED = { providerId: "m1", reached: true } as const;
const LOST = { providerId: "m1", reached: false } as const;
const code: Wanted = { phase: "full", issue: { epoch: 1, n: 1 } };
const times = { notAfter: NOW + 120_000, fallbackAt: NOW + 20_000 };

function report(delivery: Delivery, said: Report, now = NOW): Delivery {
  const out = handOut({ ...delivery, retryAt: now }, 1, now);
  if (out === undefined) throw new Error("nothing to hand out");
  return afterReport(out.delivery, out.handed, said, now);
}

const sms = aLink("s", { platform: "sms", botId: idOf("bot sms") });
const fresh = firstWish(sms, { deliveryId: "d1", txId: txIdOf("tx1"), type: "prompt", ...times, wanted: code }, NOW);
const sent: Report = { type: "sent", providerId: "m1" };
const shown = report(fresh, sent);

describe("what a receipt makes of a delivery", () => {
  test("it reached the phone: noted once, also when it is said again or taken back", () => {
    const reached = afterReceipt(shown, REACHED, NOW + 1);
    expect(reached).toMatchObject({ state: "SENT", receipt: "reached" });
    expect(timelineOf(reached).at(-1)).toMatchObject({ type: "REACHED", issue: 1 });
    expect(afterReceipt(reached, REACHED, NOW + 2)).toBe(reached);
    expect(afterReceipt(reached, LOST, NOW + 2)).toBe(reached);
  });

  test("it never will: FAILED, no code stands there, once", () => {
    const lost = afterReceipt(shown, LOST, NOW + 1);
    expect(lost).toMatchObject({ state: "FAILED", reason: "CHANNEL_DOWN", mayHoldCode: false, fallbackAt: NOW + 1 });
    expect(timelineOf(lost).at(-1)).toMatchObject({ type: "FAILED", issue: 1, reason: "CHANNEL_DOWN" });
    expect(afterReceipt(lost, LOST, NOW + 2)).toBe(lost);
  });

  test("it did after all", () => {
    const found = afterReceipt(afterReceipt(shown, LOST, NOW + 1), REACHED, NOW + 2);
    expect(found).toMatchObject({ state: "SENT", reason: undefined, mayHoldCode: true, fallbackAt: undefined });
  });

  test("the second copy is lost, of the first nobody knows: UNKNOWN, never FAILED", () => {
    const unknown: Report = { type: "failed", fate: "unknown", reason: "CHANNEL_DOWN", retryAfterMs: 0 };
    expect(afterReceipt(report(report(fresh, unknown), sent), LOST, NOW + 1)).toMatchObject({
      state: "UNKNOWN",
      mayHoldCode: true,
    });
  });

  test("another message's: nothing", () => {
    expect(afterReceipt(shown, { providerId: "m2", reached: false }, NOW)).toBe(shown);
    expect(afterReceipt(fresh, LOST, NOW)).toBe(fresh);
  });

  test("the old code's, while a new one is on its way: noted, the new one goes on", () => {
    const newer = nextWish(shown, { phase: "full", issue: { epoch: 1, n: 2 } }, times, NOW);
    const told = afterReceipt(newer, LOST, NOW + 1);
    expect(told).toMatchObject({ state: "QUEUED", retryAt: NOW, fallbackAt: times.fallbackAt, mayHoldCode: true });
    expect(timelineOf(told).at(-1)).toMatchObject({ type: "FAILED", issue: 1 });
    // What was said of the old message says nothing of the new one.
    const after = report(told, { type: "sent", providerId: "m2" });
    expect(afterReceipt(after, { providerId: "m2", reached: true }, NOW)).toMatchObject({ receipt: "reached" });
  });

  test("an outcome's and an alert's: noted, nothing else", () => {
    const outcome: Wanted = { phase: "outcome", notice: { type: "EXECUTED", at: NOW }, showsLines: false };
    const ended = report(nextWish(shown, outcome, times, NOW), sent);
    const told = afterReceipt(ended, LOST, NOW + 1);
    expect(told).toMatchObject({ state: "SENT", mayHoldCode: false, fallbackAt: undefined });
    expect(timelineOf(told).at(-1)).toMatchObject({ type: "FAILED", issue: 0 });
  });
});

describe("through the engine", () => {
  const mail = aLink("m", { platform: "mail", botId: idOf("bot mail") });
  const created: readonly Effect[] = [{ type: "deliver-code", why: "created" }];
  const bots: FakeBot[] = [];
  afterEach(() => {
    for (const bot of bots.splice(0)) bot.engine.stop();
  });

  async function prompted(): Promise<{ world: World; byMail: Phone; bot: FakeBot; other: FakeBot }> {
    const world = new World();
    await world.people([sms, mail]);
    await world.take(aTransaction(), created);
    const byMail = new Phone();
    const bot = new FakeBot(world.given, new Phone(), good, { botId: idOf("bot sms") });
    const other = new FakeBot(world.given, byMail, good, { botId: idOf("bot mail") });
    bots.push(bot, other);
    await turn();
    return { world, byMail, bot, other };
  }

  async function stateOf(world: World): Promise<unknown> {
    const { txId } = aTransaction();
    return [await world.delivery(txId, sms), await world.delivery(txId, mail)];
  }

  test("never reached: the next channel gets the same code at once; the same again changes nothing", async () => {
    const { world, byMail, bot } = await prompted();
    expect(byMail.messages).toEqual([]);
    await bot.engine.receipt("chat-s", LOST);
    await turn();
    expect(await world.delivery(aTransaction().txId, sms)).toMatchObject({ state: "FAILED", reason: "CHANNEL_DOWN" });
    expect(byMail.codes).toEqual(bot.phone.codes);
    const before = await stateOf(world);
    await bot.engine.receipt("chat-s", LOST);
    await turn();
    expect(await stateOf(world)).toEqual(before);
    expect(byMail.codes).toHaveLength(1);
  });

  test("every channel never reached: UNDELIVERABLE", async () => {
    const { world, bot, other } = await prompted();
    await bot.engine.receipt("chat-s", LOST);
    await turn();
    await other.engine.receipt("chat-m", LOST);
    await turn();
    expect(await world.transaction(aTransaction().txId)).toMatchObject({ state: "UNDELIVERABLE" });
  });

  test("another chat's id, another bot's chat, an id that nobody gave: nothing", async () => {
    const { world, bot, other } = await prompted();
    const before = await stateOf(world);
    await bot.engine.receipt("chat-m", LOST);
    await other.engine.receipt("chat-s", LOST);
    await other.engine.receipt("chat-m", LOST);
    await bot.engine.receipt("chat-s", { providerId: "m99", reached: false });
    await bot.engine.receipt("chat-s", { providerId: "", reached: false });
    await bot.engine.receipt("no such chat", LOST);
    expect(await stateOf(world)).toEqual(before);
  });

  test("a receipt on the heels of its Sent finds the message", async () => {
    const world = new World();
    await world.people([sms]);
    await world.take(aTransaction(), created);
    const bot = new FakeBot(world.given, new Phone(), () => undefined, { botId: idOf("bot sms") });
    bots.push(bot);
    await turn();
    await Promise.all([bot.sent(bot.handed[0] as Deliver), bot.engine.receipt("chat-s", REACHED)]);
    expect(await world.delivery(aTransaction().txId, sms)).toMatchObject({ state: "SENT", receipt: "reached" });
  });
});

test("over the stream of a bot: the SMS is lost, the next chat is asked", async () => {
  const world = await ChannelWorld.open({ policy: { channels: ["sms", "sandbox"] } });
  try {
    const botId = drawHexId();
    const bot = world.bot(await world.botToken(botId, "sms"), dutiful);
    await bot.hello("sms");
    const { linkId } = await world.addLink(botId, "sms");
    await world.core.changeUser({ linkIds: [linkId, world.core.linkId] });
    await world.core.pending();
    const { peerId, code: digits } = await bot.code();
    const value = { eventId: "e1", fence: bot.fence, peerId, providerId: "m1", reached: false };
    bot.write({ $case: "deliveryReceipt", value });
    bot.write({ $case: "deliveryReceipt", value: { ...value, eventId: "e2" } });
    const sandbox = await world.attached();
    expect((await sandbox.code()).code).toBe(digits);
    expect(bot.delivered).toHaveLength(1);
  } finally {
    await world.close();
  }
});
