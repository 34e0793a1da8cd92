import { afterEach, describe, expect, test } from "@jest/globals";
import {
  AnswerType,
  CommandType,
  NoticeType,
  Phase,
  type Command,
} from "@countersign/proto/node/channel/v1/channel_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { drawHexId } from "../testing/core-world.ts";
import type { User } from "../identity/user.ts";
import { happen } from "../transaction/happen.ts";
import { BotState } from "./bot-state.ts";
import { takeCommand } from "./command.ts";
import { askCommand, askVeto } from "./testing/ask.ts";
import { ChannelWorld } from "./testing/channel-world.ts";

let world: ChannelWorld;
afterEach(() => world.close());

function freezeCommand(peerId: string, eventId: string): Command {
  return { eventId, fence: 1n, peerId, type: CommandType.FREEZE, argument: "" };
}

describe("commands", () => {
  test("pending, history, channels, status, language", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const ask = (type: CommandType, argument = "") => askCommand(bot, world.core.linkId, type, argument);
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
    const ask = (type: CommandType) => askCommand(bot, world.core.linkId, type);
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
    expect(await world.confirm(tx, full.code)).toMatchObject({ state: "EXECUTED" });
    expect((await world.core.user()).state).toBe("ACTIVE");
    const thawed = await bot.until(() => bot.delivered.find(({ notice }) => notice?.type === NoticeType.THAWED));
    expect(thawed).toMatchObject({ phase: Phase.ALERT });
  });

  test("threat 16: a freeze that comes again after a restart freezes nobody who has thawed meanwhile", async () => {
    world = await ChannelWorld.open();
    const { tenantId, botId, linkId: peerId } = world.core;
    /** To a core that has just started. */
    const freeze = (eventId: string) =>
      takeCommand(world.given, new BotState(world.given, { tenantId, botId }), freezeCommand(peerId, eventId));
    expect(await freeze("update 1")).toMatchObject({ type: AnswerType.OK, userState: "FROZEN" });
    expect(await freeze("update 2")).toMatchObject({ type: AnswerType.OK, userState: "FROZEN" });
    await world.core.changeUser({ state: "ACTIVE" });
    for (const repeated of ["update 1", "update 2"]) {
      expect(await freeze(repeated)).toMatchObject({ type: AnswerType.OK, userState: "ACTIVE" });
    }
    world.core.clock.advance(1);
    expect(await freeze("update 3")).toMatchObject({ type: AnswerType.OK, userState: "FROZEN" });
  });

  test("check 19: freeze stops a recovery of keys, also of who is frozen, and by a bot that freezes nobody any more", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const freeze = () => askCommand(bot, world.core.linkId, CommandType.FREEZE);
    const recovering = async (over: Partial<User> = {}) => {
      const askedAt = world.core.clock.now().getTime();
      const asked = { recoveryId: drawHexId(), reason: "", askedBy: drawHexId(), askedAt, expiresAt: askedAt + 1000 };
      await world.core.changeUser({ recoveries: [{ ...asked, state: "REQUESTED" }], ...over });
    };
    const standing = async () => (await world.core.user()).recoveries?.map(({ state }) => state);
    await recovering();
    expect(await freeze()).toMatchObject({ type: AnswerType.OK, userState: "FROZEN" });
    expect(await standing()).toEqual(["STOPPED"]);
    const stopped = () => bot.delivered.filter(({ notice }) => notice?.type === NoticeType.RECOVERY_STOPPED);
    expect(await bot.until(() => stopped()[0])).toMatchObject({ phase: Phase.ALERT });
    world.core.clock.advance(1);
    await recovering();
    await freeze();
    expect(await standing()).toEqual(["STOPPED"]);
    let answer = await freeze();
    for (let i = 0; answer.type !== AnswerType.RATE_LIMITED && i < 2000; i++) answer = await freeze();
    expect(answer.type).toBe(AnswerType.RATE_LIMITED);
    world.core.clock.advance(1);
    await recovering({ state: "ACTIVE" });
    expect((await freeze()).type).toBe(AnswerType.RATE_LIMITED);
    expect([(await world.core.user()).state, await standing()]).toEqual(["ACTIVE", ["STOPPED"]]);
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
    expect(await askCommand(bot, world.core.linkId, CommandType.UNLINK)).toMatchObject({ type: AnswerType.OK });
    expect(await second.alert()).toMatchObject({ notice: { type: NoticeType.UNLINKED, detail: "sandbox" } });
    expect(await askCommand(bot, world.core.linkId, CommandType.STATUS)).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect(await askVeto(bot, world.core.linkId, { tag: tx.tag })).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect((await world.core.user()).linkIds).toHaveLength(1);
  });

  test("a chat that is gone gets nothing, and comes back by any command", async () => {
    world = await ChannelWorld.open();
    const other = drawHexId();
    const bot = await world.attached();
    const second = world.bot(await world.botToken(other));
    await second.hello();
    await world.addLink(other, "sandbox");
    bot.write({ $case: "peerGone", value: { eventId: "g", fence: bot.fence, peerId: world.core.linkId, reason: "" } });
    bot.write({ $case: "beat", value: { fence: bot.fence } });
    await bot.next("beatAck");
    while ((await world.link()).state !== "DEAD") await new Promise((resolve) => setImmediate(resolve));
    await world.core.pending();
    await second.code();
    expect(bot.delivered).toEqual([]);
    await askCommand(bot, world.core.linkId, CommandType.STATUS);
    expect(await world.link()).toMatchObject({ state: "LINKED" });
  });

  test("chats that are nobody's get no answer about anybody", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    for (const type of [CommandType.PENDING, CommandType.FREEZE, CommandType.UNLINK, CommandType.THAW]) {
      expect(await askCommand(bot, "4711", type)).toEqual({
        ...{ eventId: expect.any(String), type: AnswerType.NOT_LINKED, transactions: [], userState: "", platforms: [] },
        ...{ locale: "", paused: false },
      });
    }
  });
});
