import { afterEach, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { RejectReason, toHex } from "@countersign/protocol";
import {
  AnswerType,
  CommandType,
  Fate,
  NoticeType,
  Phase,
  type Deliver,
} from "@countersign/proto/node/channel/v1/channel_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfKey, shardOfUser } from "../store/entity.ts";
import { drawHexId } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { LEASE_MS, leaseKey } from "./lease.ts";
import { ChannelWorld } from "./testing/channel-world.ts";
import { idle, type ScriptedBot } from "./testing/scripted-bot.ts";

let world: ChannelWorld;
afterEach(() => world.close());

async function confirm(tx: Transaction, code: string): Promise<Transaction> {
  const { tenantId } = world.core;
  const done = await submitStatement(world.given, { txId: tx.txId, tenantId, signed: world.core.signed(tx, { code }) });
  if (isRefusal(done)) throw new Error(done.message);
  return done;
}

function veto(
  bot: ScriptedBot,
  peerId: string,
  over: { actionRef?: string; tag?: string; reason?: RejectReason; eventId?: string },
) {
  const value = { eventId: "", fence: 0n, peerId, actionRef: "", tag: "", reason: RejectReason.WRONG_DATA, ...over };
  return bot.ask({ $case: "veto", value });
}

function command(bot: ScriptedBot, peerId: string, type: CommandType, argument = "") {
  return bot.ask({ $case: "command", value: { eventId: "", fence: 0n, peerId, type, argument } });
}

async function auditOf(event: string): Promise<unknown[]> {
  const { tenantId, botId } = world.core;
  const shard = shardOfKey(leaseKey({ tenantId, botId }));
  const entries = await world.given.store.audit(shard, 1, 10_000);
  return entries.flatMap(({ events }) => events).filter((each) => each.event === event);
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
    expect(await confirm(tx, full.code)).toMatchObject({ state: "CONFIRMED" });
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
    twice.write({ $case: "hello", value: { platform: "sandbox", deepLink: "" } });
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

  test("a holder that is silent for the lease loses it; what it says then is STALE_FENCE, audited", async () => {
    world = await ChannelWorld.open();
    const token = await world.botToken();
    const first = world.bot(token, idle);
    await first.hello();
    await world.core.pending();
    await first.next("deliver");
    world.core.clock.advance(LEASE_MS);
    const second = world.bot(token);
    expect(await second.hello()).toMatchObject({ fence: 2n });
    expect(await first.ended()).toMatchObject({ code: status.ABORTED });
    expect(await auditOf("bot.stale-fence")).toHaveLength(1);
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
    expect(await command(bot, world.core.linkId, CommandType.STATUS)).toMatchObject({
      paused: true,
      userState: "ACTIVE",
    });
    await world.core.pending();
    expect(await command(bot, world.core.linkId, CommandType.STATUS)).toMatchObject({ paused: false });
  });
});

describe("a veto", () => {
  test.each([
    ["PENDING", RejectReason.WRONG_DATA],
    ["CONFIRMED", RejectReason.CHANGED_MY_MIND],
  ] as const)("stops what is %s", async (state, reason) => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const tx = await world.core.pending();
    const full = await bot.code();
    if (state === "CONFIRMED") await confirm(tx, full.code);
    expect(await veto(bot, full.peerId, { actionRef: full.actionRef, reason })).toMatchObject({ type: AnswerType.OK });
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
    await confirm(tx, full.code);
    const claim = { claimId: "c1", appId: drawHexId(), txDigest: tx.txDigest, leaseMs: 60_000, idempotent: false };
    await happen(world.given, tx.txId, { type: "claimed", ...claim }, "test");
    expect(await veto(bot, full.peerId, { actionRef: full.actionRef })).toMatchObject({ type: AnswerType.TOO_LATE });
    expect(await world.core.transaction(tx.txId)).toMatchObject({
      state: "EXECUTING",
      lateVeto: RejectReason.WRONG_DATA,
    });
    expect((await world.core.user()).state).toBe("ACTIVE");
    const again = await veto(bot, full.peerId, { actionRef: full.actionRef, reason: RejectReason.NOT_ME });
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
    await veto(bot, full.peerId, { actionRef: full.actionRef, reason: RejectReason.NOT_ME });
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
    expect(await veto(bot, world.core.linkId, { tag: "  amber   tiger " })).toMatchObject({ type: AnswerType.OK });
    const states = await Promise.all([a, b, c].map(async ({ txId }) => (await world.core.transaction(txId)).state));
    expect(states).toEqual(["REJECTED", "REJECTED", "PENDING"]);
    expect(await veto(bot, world.core.linkId, { tag: "NO SUCH" })).toMatchObject({ type: AnswerType.NOTHING });
  });

  test("the same event twice is one veto with one answer", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const tx = await world.core.pending();
    const full = await bot.code();
    const pressed = { actionRef: full.actionRef, eventId: "update-1" };
    expect(await veto(bot, full.peerId, pressed)).toMatchObject({ type: AnswerType.OK });
    const { version } = await world.core.transaction(tx.txId);
    expect(await veto(bot, full.peerId, pressed)).toMatchObject({ type: AnswerType.OK });
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
      const answer = await veto(stranger, peerId, { actionRef: ref, tag: ref === "" ? tx.tag : "" });
      expect(answer).toMatchObject({ type: AnswerType.NOT_LINKED });
    }
    expect(await veto(bot, peerId, { actionRef: "A".repeat(22) })).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "PENDING" });
  });

  test("threat 25: a bot that vetoes everything still stops, freezes nobody and raises an alarm", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    for (let i = 0; i < 25; i++) await veto(bot, world.core.linkId, { tag: "NO SUCH" });
    const tx = await world.core.pending();
    const { actionRef, peerId } = await bot.code();
    await veto(bot, peerId, { actionRef, reason: RejectReason.NOT_ME });
    expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "REJECTED" });
    expect((await world.core.user()).state).toBe("ACTIVE");
    expect(await command(bot, peerId, CommandType.FREEZE)).toMatchObject({ type: AnswerType.RATE_LIMITED });
    expect(await auditOf("bot.veto-alarm")).toHaveLength(1);
    expect(world.logged.filter((line) => line.includes("ALARM"))).toHaveLength(1);
  });
});

describe("commands", () => {
  test("pending, history, channels, status, language", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const ask = (type: CommandType, argument = "") => command(bot, world.core.linkId, type, argument);
    const first = await world.core.pending();
    await happen(world.given, first.txId, { type: "cancelled", by: "app", detail: "" }, "test");
    world.core.clock.advance(1);
    const second = await world.core.pending();
    expect((await ask(CommandType.PENDING)).transactions).toMatchObject([
      { tag: second.tag, issuerName: "Example Bank", state: State.PENDING },
    ]);
    expect((await ask(CommandType.HISTORY)).transactions.map(({ tag }) => tag)).toEqual([second.tag, first.tag]);
    expect(await ask(CommandType.CHANNELS)).toMatchObject({ platforms: ["sandbox"] });
    expect(await ask(CommandType.STATUS)).toMatchObject({ userState: "ACTIVE", platforms: ["sandbox"], paused: false });
    expect(await ask(CommandType.LANGUAGE, "zh-hans")).toMatchObject({ type: AnswerType.OK, locale: "zh-Hans" });
    expect((await world.core.user()).locale).toBe("zh-Hans");
    expect(await ask(CommandType.LANGUAGE, "no such!")).toMatchObject({ type: AnswerType.NOTHING, locale: "zh-Hans" });
    expect(await ask(CommandType.LANGUAGE)).toMatchObject({ type: AnswerType.OK, locale: "zh-Hans" });
  });

  test("check 06: freeze works at once; thaw is a transaction of the key, through the freeze", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const ask = (type: CommandType) => command(bot, world.core.linkId, type);
    expect(await ask(CommandType.THAW)).toMatchObject({ type: AnswerType.NOTHING });
    expect(await ask(CommandType.FREEZE)).toMatchObject({ type: AnswerType.OK, userState: "FROZEN" });
    expect(await ask(CommandType.FREEZE)).toMatchObject({ type: AnswerType.OK, userState: "FROZEN" });
    await expect(world.core.pending()).rejects.toThrow("USER_BLOCKED");
    expect(await ask(CommandType.THAW)).toMatchObject({ type: AnswerType.OK });
    const full = await bot.code();
    const { thaw } = await world.core.user();
    const tx = await world.core.transaction(thaw?.txId ?? "");
    expect(tx).toMatchObject({ createdBy: "core", state: "PENDING" });
    expect(await ask(CommandType.THAW)).toMatchObject({ type: AnswerType.RATE_LIMITED });
    expect(await confirm(tx, full.code)).toMatchObject({ state: "EXECUTED" });
    expect((await world.core.user()).state).toBe("ACTIVE");
    const thawed = await bot.until(() => bot.delivered.find(({ notice }) => notice?.type === NoticeType.THAWED));
    expect(thawed).toMatchObject({ phase: Phase.ALERT });
  });

  test("unlink works at once, the other channels are told, the chat is nobody's any more", async () => {
    world = await ChannelWorld.open();
    const other = drawHexId();
    const bot = await world.attached();
    const second = world.bot(await world.botToken(other));
    await second.hello();
    await world.addLink(other, "sandbox");
    const tx = await world.core.pending();
    await bot.code();
    expect(await command(bot, world.core.linkId, CommandType.UNLINK)).toMatchObject({ type: AnswerType.OK });
    expect(await second.alert()).toMatchObject({ notice: { type: NoticeType.UNLINKED, detail: "sandbox" } });
    expect(await command(bot, world.core.linkId, CommandType.STATUS)).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect(await veto(bot, world.core.linkId, { tag: tx.tag })).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect((await world.core.user()).linkIds).toHaveLength(1);
  });

  test("a chat that is gone gets nothing, and comes back by any command", async () => {
    world = await ChannelWorld.open();
    const other = drawHexId();
    const bot = await world.attached();
    const second = world.bot(await world.botToken(other));
    await second.hello();
    await world.addLink(other, "sandbox");
    bot.write({ $case: "peerGone", value: { eventId: "g", fence: bot.fence, peerId: world.core.linkId } });
    bot.write({ $case: "beat", value: { fence: bot.fence } });
    await bot.next("beatAck");
    while ((await world.link()).state !== "DEAD") await new Promise((resolve) => setImmediate(resolve));
    await world.core.pending();
    await second.code();
    expect(bot.delivered).toEqual([]);
    await command(bot, world.core.linkId, CommandType.STATUS);
    expect(await world.link()).toMatchObject({ state: "LINKED" });
  });

  test("chats that are nobody's get no answer about anybody", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    for (const type of [CommandType.PENDING, CommandType.FREEZE, CommandType.UNLINK, CommandType.THAW]) {
      expect(await command(bot, "4711", type)).toEqual({
        ...{ eventId: expect.any(String), type: AnswerType.NOT_LINKED, transactions: [], userState: "", platforms: [] },
        ...{ locale: "", paused: false },
      });
    }
  });
});

describe("TAMPERED", () => {
  test.each(["A", "B"] as const)(
    "mode %s: the alarm is on every channel, the lines where a chat may show them",
    async (mode) => {
      world = await ChannelWorld.open({ policy: { displayMode: mode } });
      const other = drawHexId();
      const bot = await world.attached();
      const second = world.bot(await world.botToken(other));
      await second.hello();
      await world.addLink(other, "sandbox");
      const tx = await world.core.pending();
      const full = await bot.code();
      expect(full.lines).toHaveLength(mode === "A" ? 0 : 3);
      const signed = world.core.signed(tx, { txDigest: new Uint8Array(32), code: full.code });
      const { tenantId } = world.core;
      expect(await submitStatement(world.given, { txId: tx.txId, tenantId, signed })).toMatchObject({
        refused: "TAMPERED",
      });
      const alarm = { tag: tx.tag, code: "", notice: { type: NoticeType.TAMPERED }, actionRef: "" };
      for (const each of [bot, second]) {
        const alert = await each.alert();
        expect(alert).toMatchObject(alarm);
        expect(alert.lines).toHaveLength(mode === "A" ? 0 : 3);
      }
      expect(await bot.outcome()).toMatchObject(alarm);
      expect(bot.phone.withCode()).toHaveLength(0);
    },
  );
});

describe("check 18: resends", () => {
  test("at least 60 s apart, at most 3, each supersedes the last", async () => {
    world = await ChannelWorld.open({ policy: { lifetimeS: 590 } });
    const bot = await world.attached();
    const tx = await world.core.pending();
    const seen: string[] = [];
    let full: Deliver = await bot.code();
    const resend = () =>
      bot.ask({ $case: "resend", value: { eventId: "", fence: 0n, peerId: full.peerId, actionRef: full.actionRef } });
    for (let n = 1; n <= 3; n++) {
      seen.push(full.code);
      world.core.clock.advance(59_999);
      bot.write({ $case: "beat", value: { fence: bot.fence } });
      await bot.next("beatAck");
      expect(await resend()).toMatchObject({ type: AnswerType.RATE_LIMITED });
      world.core.clock.advance(1);
      expect(await resend()).toMatchObject({ type: AnswerType.OK });
      full = await bot.until(() => bot.phone.withCode().find(({ content }) => content.code !== full.code)?.content);
      expect(full).toMatchObject({ notice: { type: NoticeType.RESENT }, providerId: "m1" });
    }
    world.core.clock.advance(60_000);
    expect(await resend()).toMatchObject({ type: AnswerType.RATE_LIMITED });
    expect(new Set([...seen, full.code]).size).toBe(4);
    expect(bot.phone.withCode()).toHaveLength(1);
    await expect(confirm(await world.core.transaction(tx.txId), seen[0] ?? "")).rejects.toThrow(/code/i);
    const current = await world.core.transaction(tx.txId);
    expect(current).toMatchObject({ lastRefusal: "CODE_SUPERSEDED", triesLeft: 2 });
    expect(await confirm(current, full.code)).toMatchObject({ state: "CONFIRMED" });
  });
});

test("permanent failure over the wire: the link is dead, the reason is one of two words", async () => {
  world = await ChannelWorld.open();
  const bot = await world.attached((deliver, self) =>
    self.failed(deliver, Fate.PERMANENT, "secret text of a provider"),
  );
  const tx = await world.core.pending();
  while ((await world.core.transaction(tx.txId)).state === "PENDING")
    await new Promise((resolve) => setImmediate(resolve));
  expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "UNDELIVERABLE" });
  expect(await world.link()).toMatchObject({ state: "DEAD" });
  expect(bot.delivered).toHaveLength(1);
  expect(toHex(tx.txDigest)).toHaveLength(64);
});
