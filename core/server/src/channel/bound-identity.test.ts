import { afterEach, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { Label } from "@countersign/protocol";
import { AnswerType, CommandType, Fate, NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { Assurance } from "@countersign/proto/node/core/v1/content";
import { LinkState } from "@countersign/proto/node/core/v1/link_service";
import type { Link } from "../identity/link.ts";
import { drawHexId, newTestKey, type WorldOptions } from "../testing/core-world.ts";
import { askCommand, askVeto } from "./testing/ask.ts";
import { ChannelWorld } from "./testing/channel-world.ts";
import { askClaim, beginLink, confirmLink, linkTransaction, listChannels, unlinkChannel } from "./testing/linking.ts";
import type { Habit, ScriptedBot } from "./testing/scripted-bot.ts";
import { dutiful } from "./testing/scripted-bot.ts";

const IDENTITY = "nqOvzeuGWT/sRx3h7+MHoInYj3Uk2LD/unI9kDYcHwk";
const OTHER = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const MXID = "@erika:example.com";
const HOUR_MS = 3_600_000;

let world: ChannelWorld;
afterEach(() => world.close());

interface Two {
  readonly phone: ScriptedBot;
  readonly matrix: ScriptedBot;
  readonly botId: string;
}

/** The user's first chat, and a Matrix bot beside it. */
async function open(over: WorldOptions = {}, habit: Habit = dutiful): Promise<Two> {
  world = await ChannelWorld.open(over);
  const phone = await world.attached();
  const botId = drawHexId();
  const matrix = world.bot(await world.botToken(botId, "matrix"), habit);
  await matrix.hello("matrix");
  return { phone, matrix, botId };
}

/** A linked Matrix chat with a bound identity, first in the user's order. */
async function bound({ botId }: Two, over: Partial<Link> = {}): Promise<Link> {
  const link = await world.addLink(botId, "matrix", { peerId: MXID, peerIdentity: IDENTITY, ...over });
  await world.core.changeUser({ linkIds: [link.linkId, world.core.linkId] });
  return link;
}

function gone(bot: ScriptedBot, reason = "CHANNEL_IDENTITY_CHANGED", peerId = MXID): void {
  bot.write({ $case: "peerGone", value: { eventId: "gone", fence: bot.fence, peerId, reason } });
}

function told(bot: ScriptedBot, type: NoticeType) {
  return bot.until(() => bot.delivered.find(({ notice }) => notice?.type === type));
}

describe("a claim with an identity", () => {
  test("check 20: the key signs the identity, the bot gets it with every message, the assurance is high", async () => {
    const { matrix } = await open();
    const begun = await beginLink(world, { platform: "matrix" });
    const claim = { peerId: MXID, peerName: "Erika", peerIdentity: IDENTITY };
    expect(await askClaim(matrix, begun.linkToken, claim)).toMatchObject({ type: AnswerType.OK });
    const full = await matrix.code();
    expect(full).toMatchObject({ peerIdentity: IDENTITY });
    expect(full.lines).toContainEqual({ label: Label.DETAIL_2, value: IDENTITY });
    await confirmLink(world, begun.linkId);
    expect((await listChannels(world))[1]).toMatchObject({ platform: "matrix", assurance: Assurance.HIGH });
    await world.core.changeUser({ state: "ACTIVE", linkIds: [begun.linkId] });
    const tx = await world.core.pending();
    const prompt = await matrix.until(() => matrix.delivered.find(({ tag }) => tag === tx.tag));
    expect(prompt).toMatchObject({ peerIdentity: IDENTITY });
  });

  test("without one the assurance is medium", async () => {
    const { matrix } = await open();
    const begun = await beginLink(world, { platform: "matrix" });
    await askClaim(matrix, begun.linkToken, { peerId: MXID });
    expect(await matrix.code()).toMatchObject({ peerIdentity: "" });
    await confirmLink(world, begun.linkId);
    expect((await listChannels(world))[1]).toMatchObject({ assurance: Assurance.MEDIUM });
  });

  test("the same chat under another identity does not go on with the claim", async () => {
    const { matrix } = await open();
    const begun = await beginLink(world, { platform: "matrix" });
    const claim = (peerIdentity: string) => askClaim(matrix, begun.linkToken, { peerId: MXID, peerIdentity });
    expect(await claim(IDENTITY)).toMatchObject({ type: AnswerType.OK });
    expect(await claim(OTHER)).toMatchObject({ type: AnswerType.BAD_TOKEN });
    expect(await world.link(begun.linkId)).toMatchObject({ peerIdentity: IDENTITY });
  });

  test.each(["two words", "x".repeat(129), "é"])("an identity like %j ends the stream", async (peerIdentity) => {
    const { matrix } = await open();
    const begun = await beginLink(world, { platform: "matrix" });
    void askClaim(matrix, begun.linkToken, { peerIdentity }).catch(() => undefined);
    expect(await matrix.ended()).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test("alerts of no transaction carry identity and phrase too", async () => {
    const two = await open();
    await bound(two);
    await askCommand(two.phone, world.core.linkId, CommandType.FREEZE);
    expect(await told(two.matrix, NoticeType.FROZEN)).toMatchObject({
      peerIdentity: IDENTITY,
      phrase: "blue teapot",
      phase: Phase.ALERT,
    });
  });
});

describe("check 20: another identity than the key signed for", () => {
  test("a message that the bot refuses to show: suspended, and the code goes to the next channel at once", async () => {
    const two = await open({}, (deliver, self) => self.failed(deliver, Fate.PERMANENT, "CHANNEL_IDENTITY_CHANGED"));
    const link = await bound(two);
    const tx = await world.core.pending();
    const code = await two.phone.code();
    expect(code).toMatchObject({ tag: tx.tag });
    expect(await world.link(link.linkId)).toMatchObject({ state: "SUSPENDED" });
    expect(await told(two.phone, NoticeType.CHANNEL_SUSPENDED)).toMatchObject({ notice: { detail: "matrix" } });
    expect(await world.core.audited("link.suspended")).toBe(1);
    expect((await listChannels(world))[0]).toMatchObject({ state: LinkState.SUSPENDED });
  });

  test("an alert that the bot refuses to show suspends as well", async () => {
    const two = await open({}, (deliver, self) => self.failed(deliver, Fate.PERMANENT, "CHANNEL_IDENTITY_CHANGED"));
    const link = await bound(two);
    await askCommand(two.phone, world.core.linkId, CommandType.FREEZE);
    await told(two.phone, NoticeType.CHANNEL_SUSPENDED);
    expect(await world.link(link.linkId)).toMatchObject({ state: "SUSPENDED" });
  });

  test("it is not sent over a channel of less assurance", async () => {
    const two = await open({ policy: { assurance: "high", channels: ["matrix", "telegram"] } }, (deliver, self) =>
      self.failed(deliver, Fate.PERMANENT, "CHANNEL_IDENTITY_CHANGED"),
    );
    const link = await bound(two);
    const telegram = world.bot(await world.botToken(drawHexId(), "telegram"));
    await telegram.hello("telegram");
    const tx = await world.core.pending();
    while ((await world.core.transaction(tx.txId)).state === "PENDING") {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await world.core.transaction(tx.txId)).toMatchObject({ state: "UNDELIVERABLE" });
    expect(await world.link(link.linkId)).toMatchObject({ state: "SUSPENDED" });
    await expect(world.core.pending()).rejects.toThrow("NO_CHANNEL");
  });

  test("the bot says so by itself; a chat that was dead is suspended too; a suspended one does not die", async () => {
    const two = await open();
    const link = await bound(two, { state: "DEAD" });
    gone(two.matrix);
    await told(two.phone, NoticeType.CHANNEL_SUSPENDED);
    expect(await world.link(link.linkId)).toMatchObject({ state: "SUSPENDED" });
    gone(two.matrix, "");
    await expect(askCommand(two.matrix, MXID, CommandType.STATUS)).resolves.toMatchObject({
      type: AnswerType.NOT_LINKED,
    });
    expect(await world.link(link.linkId)).toMatchObject({ state: "SUSPENDED" });
  });

  test("what is said there counts for nothing, and nothing is sent there", async () => {
    const two = await open();
    const link = await bound(two);
    const tx = await world.core.pending();
    const { actionRef } = await two.matrix.code();
    gone(two.matrix);
    await told(two.phone, NoticeType.CHANNEL_SUSPENDED);
    for (const type of [CommandType.FREEZE, CommandType.THAW, CommandType.UNLINK, CommandType.PENDING]) {
      expect(await askCommand(two.matrix, MXID, type)).toMatchObject({ type: AnswerType.NOT_LINKED, transactions: [] });
    }
    expect(await askVeto(two.matrix, MXID, { actionRef })).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect(await askVeto(two.matrix, MXID, { tag: tx.tag })).toMatchObject({ type: AnswerType.NOT_LINKED });
    const before = two.matrix.delivered.length;
    await askVeto(two.phone, world.core.linkId, { tag: tx.tag });
    await askCommand(two.phone, world.core.linkId, CommandType.FREEZE);
    await told(two.phone, NoticeType.FROZEN);
    expect((await world.core.transaction(tx.txId)).state).toBe("REJECTED");
    expect(await world.link(link.linkId)).toMatchObject({ state: "SUSPENDED" });
    expect(two.matrix.delivered.slice(before)).toEqual([]);
  });
});

describe("check 20: a suspended channel comes back by the key alone", () => {
  test("the same chat claims a new token, the key signs, and it takes its old place, on hold", async () => {
    const two = await open();
    const old = await bound(two, { state: "SUSPENDED" });
    const begun = await beginLink(world, { platform: "matrix" });
    const claim = { peerId: MXID, peerIdentity: OTHER };
    expect(await askClaim(two.matrix, begun.linkToken, claim)).toMatchObject({ type: AnswerType.OK });
    expect((await world.core.user()).linkIds).toEqual([old.linkId, world.core.linkId]);
    await confirmLink(world, begun.linkId);
    expect((await world.core.user()).linkIds).toEqual([begun.linkId, world.core.linkId]);
    expect(await world.link(old.linkId)).toMatchObject({ state: "UNLINKED" });
    expect(await world.link(begun.linkId)).toMatchObject({
      state: "LINKED",
      peerIdentity: OTHER,
      heldUntil: world.given.store.now() + 24 * HOUR_MS,
    });
    expect(await told(two.phone, NoticeType.LINKED)).toMatchObject({ peerId: world.core.linkId });
  });

  test("a LINK that is refused leaves it suspended", async () => {
    const two = await open();
    const old = await bound(two, { state: "SUSPENDED" });
    const begun = await beginLink(world, { platform: "matrix" });
    await askClaim(two.matrix, begun.linkToken, { peerId: MXID, peerIdentity: OTHER });
    const tx = await linkTransaction(world, begun.linkId);
    await two.matrix.code();
    await world.pass(600_000);
    expect((await world.core.transaction(tx.txId)).state).toBe("EXPIRED");
    expect(await world.link(old.linkId)).toMatchObject({ state: "SUSPENDED" });
    const again = await beginLink(world, { platform: "matrix" });
    expect(await askClaim(two.matrix, again.linkToken, { peerId: MXID, peerIdentity: OTHER })).toMatchObject({
      type: AnswerType.OK,
    });
  });

  test("somebody else who claims it does not take the old user's place", async () => {
    const two = await open();
    const old = await bound(two, { state: "SUSPENDED" });
    const mallory = { tenantId: world.core.tenantId, userId: "mallory" };
    await world.core.addUser(mallory, newTestKey(), drawHexId());
    const begun = await beginLink(world, { platform: "matrix", userId: "mallory" });
    await askClaim(two.matrix, begun.linkToken, { peerId: MXID, peerIdentity: OTHER });
    expect((await world.core.user()).linkIds).toEqual([old.linkId, world.core.linkId]);
    expect(await world.link(old.linkId)).toMatchObject({ state: "SUSPENDED" });
  });

  test.each(["SUSPENDED", "DEAD"] as const)(
    "Unlink of a %s channel works, and it is listed until then",
    async (state) => {
      const two = await open();
      const old = await bound(two, { state });
      expect(await listChannels(world)).toMatchObject([
        { linkId: old.linkId, state: LinkState[state] },
        { state: LinkState.LINKED },
      ]);
      const tx = await world.core.transaction(await unlinkChannel(world, old.linkId));
      await two.phone.code();
      await world.confirm(tx, world.core.code(tx));
      expect(await world.link(old.linkId)).toMatchObject({ state: "UNLINKED" });
      expect((await world.core.user()).linkIds).toEqual([world.core.linkId]);
    },
  );

  test("Reorder names suspended channels too", async () => {
    const two = await open();
    const old = await bound(two, { state: "SUSPENDED" });
    const reorder = (linkIds: string[]) =>
      new Promise((resolve, reject) => {
        world.links.reorder({ userId: world.core.userId, linkIds }, world.app, (error, response) =>
          error ? reject(error) : resolve(response.channels.map(({ linkId }) => linkId)),
        );
      });
    await expect(reorder([world.core.linkId])).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await reorder([world.core.linkId, old.linkId])).toEqual([world.core.linkId, old.linkId]);
  });
});

describe("a channel that died", () => {
  test("the others are told, by a message that failed or by the bot", async () => {
    const two = await open({}, (deliver, self) => self.failed(deliver, Fate.PERMANENT, "CHANNEL_BLOCKED_BY_USER"));
    const link = await bound(two);
    await world.core.pending();
    expect(await told(two.phone, NoticeType.CHANNEL_DEAD)).toMatchObject({ notice: { detail: "matrix" } });
    expect(await world.link(link.linkId)).toMatchObject({ state: "DEAD", diedAt: world.given.store.now() });
    expect(await world.core.audited("link.dead")).toBe(1);
  });

  test("when it is heard again it hears once of what could not reach the user", async () => {
    world = await ChannelWorld.open();
    let blocks = true;
    const bot = await world.attached((deliver, self) =>
      blocks ? self.failed(deliver, Fate.PERMANENT, "CHANNEL_BLOCKED_BY_USER") : self.sent(deliver),
    );
    const tx = await world.core.pending();
    while ((await world.core.transaction(tx.txId)).state === "PENDING") {
      await new Promise((resolve) => setImmediate(resolve));
    }
    blocks = false;
    expect(await askCommand(bot, world.core.linkId, CommandType.STATUS)).toMatchObject({ platforms: ["sandbox"] });
    expect(await told(bot, NoticeType.MISSED)).toMatchObject({ phase: Phase.ALERT, notice: { detail: "1" } });
    await askCommand(bot, world.core.linkId, CommandType.STATUS);
    expect(bot.delivered.filter(({ notice }) => notice?.type === NoticeType.MISSED)).toHaveLength(1);
  });

  test("one that missed nothing hears nothing", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    gone(bot, "", world.core.linkId);
    await askCommand(bot, world.core.linkId, CommandType.STATUS);
    await askCommand(bot, world.core.linkId, CommandType.FREEZE);
    await told(bot, NoticeType.FROZEN);
    expect(await world.link()).toMatchObject({ state: "LINKED" });
    expect(bot.delivered.some(({ notice }) => notice?.type === NoticeType.MISSED)).toBe(false);
  });
});
