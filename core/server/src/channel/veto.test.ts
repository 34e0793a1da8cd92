import { afterEach, describe, expect, test } from "@jest/globals";
import { Kind, Label, RejectReason, type Field } from "@countersign/protocol";
import { AnswerType, CommandType, NoticeType } from "@countersign/proto/node/channel/v1/channel_service";
import { shardOfUser } from "../store/entity.ts";
import { drawHexId } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { actionRefOf } from "./action-ref.ts";
import { askCommand, askVeto } from "./testing/ask.ts";
import { ChannelWorld } from "./testing/channel-world.ts";

let world: ChannelWorld;
afterEach(() => world.close());

const text = (label: Label, value: string): Field => ({ label, value: { type: "text", text: value } });

describe("a veto", () => {
  test.each([
    ["PENDING", RejectReason.WRONG_DATA],
    ["CONFIRMED", RejectReason.CHANGED_MY_MIND],
  ] as const)("stops what is %s", async (state, reason) => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const tx = await world.core.pending();
    const full = await bot.code();
    if (state === "CONFIRMED") await world.confirm(tx, full.code);
    expect(await askVeto(bot, full.peerId, { actionRef: full.actionRef, reason })).toMatchObject({
      type: AnswerType.OK,
    });
    expect(await world.core.transaction(tx.txId)).toMatchObject({
      state: "REJECTED",
      rejectReason: reason,
      rejectedOnKey: false,
    });
    const outcome = await bot.until(() => bot.delivered.find(({ notice }) => notice?.type === NoticeType.REJECTED));
    expect(outcome).toMatchObject({ actionRef: "", code: "" });
  });

  test("in EXECUTING it is too late: recorded, and told so", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const tx = await world.core.pending();
    const full = await bot.code();
    await world.confirm(tx, full.code);
    const claim = { claimId: "c1", appId: drawHexId(), txDigest: tx.txDigest, leaseMs: 60_000, idempotent: false };
    await happen(world.given, tx.txId, { type: "claimed", ...claim }, "test");
    expect(await askVeto(bot, full.peerId, { actionRef: full.actionRef })).toMatchObject({ type: AnswerType.TOO_LATE });
    expect(await world.core.transaction(tx.txId)).toMatchObject({
      state: "EXECUTING",
      lateVeto: RejectReason.WRONG_DATA,
    });
    expect((await world.core.user()).state).toBe("ACTIVE");
    const again = await askVeto(bot, full.peerId, { actionRef: full.actionRef, reason: RejectReason.NOT_ME });
    expect(again).toMatchObject({ type: AnswerType.TOO_LATE });
    expect((await world.core.user()).state).toBe("FROZEN");
  });

  test("not me also freezes, and every channel is told", async () => {
    world = await ChannelWorld.open();
    const other = drawHexId();
    const bot = await world.attached();
    const second = world.bot(await world.botToken(other));
    await second.hello();
    await world.addLink(other, "sandbox");
    await world.core.pending();
    const full = await bot.code();
    await askVeto(bot, full.peerId, { actionRef: full.actionRef, reason: RejectReason.NOT_ME });
    expect((await world.core.user()).state).toBe("FROZEN");
    for (const each of [bot, second]) expect(await each.alert()).toMatchObject({ notice: { type: NoticeType.FROZEN } });
  });

  test("by tag stops every open transaction with that tag, and no other", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const [a, b, c] = [await world.core.pending(), await world.core.pending(), await world.core.pending()];
    const shard = shardOfUser(world.core.tenantId, world.core.userId);
    for (const tx of [a, b]) {
      const { entities } = await world.given.store.load(shard, { type: "transaction", tenant: "", id: tx.txId });
      const [{ key, version, body }] = entities;
      const index = { owner: `${world.core.tenantId}:${world.core.userId}`, sort: tx.createdAt };
      await world.core.commit(shard, [
        { key, expected: version, body: { ...(body as Transaction), tag: "AMBER TIGER" }, index },
      ]);
    }
    expect(await askVeto(bot, world.core.linkId, { tag: "  amber   tiger " })).toMatchObject({ type: AnswerType.OK });
    const states = await Promise.all([a, b, c].map(async ({ txId }) => (await world.core.transaction(txId)).state));
    expect(states).toEqual(["REJECTED", "REJECTED", "PENDING"]);
    expect(await askVeto(bot, world.core.linkId, { tag: "NO SUCH" })).toMatchObject({ type: AnswerType.NOTHING });
  });

  test("the same event twice is one veto with one answer", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const tx = await world.core.pending();
    const full = await bot.code();
    const pressed = { actionRef: full.actionRef, eventId: "update-1" };
    expect(await askVeto(bot, full.peerId, pressed)).toMatchObject({ type: AnswerType.OK });
    const { version } = await world.core.transaction(tx.txId);
    expect(await askVeto(bot, full.peerId, pressed)).toMatchObject({ type: AnswerType.OK });
    expect((await world.core.transaction(tx.txId)).version).toBe(version);
  });

  test("counts from the user's own chats of this bot alone", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const tx = await world.core.pending();
    const { actionRef, peerId } = await bot.code();
    const other = drawHexId();
    const stranger = world.bot(await world.botToken(other));
    await stranger.hello();
    await world.core
      .put({ type: "peer", tenant: world.core.tenantId, id: `${other}:${peerId}` }, undefined as never)
      .catch(() => undefined);
    for (const ref of [actionRef, "A".repeat(22), "", "x", "ä".repeat(22)]) {
      const answer = await askVeto(stranger, peerId, { actionRef: ref, tag: ref === "" ? tx.tag : "" });
      expect(answer).toMatchObject({ type: AnswerType.NOT_LINKED });
    }
    expect(await askVeto(bot, peerId, { actionRef: "A".repeat(22) })).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "PENDING" });
  });

  test("threat 25: a chat that only claimed to be his, by a link token that leaked, freezes nobody", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const { linkId } = await world.addLink(world.core.botId, "sandbox", { peerId: "stranger", state: "CLAIMED" });
    const fields = [text(Label.CHANNEL, "sandbox"), text(Label.ADDRESS, "stranger")];
    const tx = await world.core.pending({ kind: Kind.LINK, fields, action: { type: "link", linkId } });
    const pressed = { actionRef: actionRefOf(tx.txId), reason: RejectReason.NOT_ME };
    expect(await askVeto(bot, "stranger", pressed)).toMatchObject({ type: AnswerType.OK });
    expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "REJECTED" });
    expect((await world.core.user()).state).toBe("ACTIVE");
  });

  test("threat 25: a bot that vetoes everything still stops, freezes nobody and raises an alarm", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    for (let i = 0; i < 25; i++) await askVeto(bot, world.core.linkId, { tag: "NO SUCH" });
    const tx = await world.core.pending();
    const { actionRef, peerId } = await bot.code();
    await askVeto(bot, peerId, { actionRef, reason: RejectReason.NOT_ME });
    expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "REJECTED" });
    expect((await world.core.user()).state).toBe("ACTIVE");
    for (const type of [CommandType.FREEZE, CommandType.UNLINK]) {
      expect(await askCommand(bot, peerId, type)).toMatchObject({ type: AnswerType.RATE_LIMITED });
    }
    expect(await world.link()).toMatchObject({ state: "LINKED" });
    expect(await world.auditOfBot("bot.veto-alarm")).toHaveLength(1);
    expect(world.logged.filter((line) => line.includes("ALARM"))).toHaveLength(1);
  });
});
