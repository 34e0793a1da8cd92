import { afterEach, expect, test } from "@jest/globals";
import { AnswerType, CommandType, NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { linkKey, userKey } from "../identity/entity-key.ts";
import { unlinked } from "../identity/link-action.ts";
import type { Link } from "../identity/link.ts";
import type { Platform } from "../identity/tenant.ts";
import { shardOfUser } from "../store/entity.ts";
import { drawHexId } from "../testing/core-world.ts";
import { askCommand } from "./testing/ask.ts";
import { ChannelWorld } from "./testing/channel-world.ts";
import { unlinkChannel } from "./testing/linking.ts";
import { idle, type Habit, type ScriptedBot } from "./testing/scripted-bot.ts";
import { clearChat } from "./withdraw-code.ts";

let world: ChannelWorld;
afterEach(() => world.close());

const POLICY = { channels: ["sandbox", "telegram", "matrix", "mail"] };

/** A chat of this platform first in the user's order, his old one second. */
async function open(platform: Platform, habit?: Habit): Promise<{ first: ScriptedBot; second: ScriptedBot }> {
  world = await ChannelWorld.open({ policy: POLICY });
  const second = await world.attached();
  const botId = drawHexId();
  const first = world.bot(await world.botToken(botId, platform), habit);
  await first.hello(platform);
  const link = await world.addLink(botId, platform, { peerId: "first" });
  await world.core.changeUser({ linkIds: [link.linkId, world.core.linkId] });
  return { first, second };
}

function unlink(bot: ScriptedBot) {
  return askCommand(bot, "first", CommandType.UNLINK);
}

test.each(["telegram", "sandbox", "matrix"] as const)(
  "check 20: /unlink in %s takes the code out of the chat, and the next channel gets the same one",
  async (platform) => {
    const { first, second } = await open(platform);
    const tx = await world.core.pending();
    const { code } = await first.code();
    expect(await unlink(first)).toMatchObject({ type: AnswerType.OK });
    const outcome = await first.outcome();
    expect(outcome).toMatchObject({
      code: "",
      actionRef: "",
      lines: [],
      phrase: "",
      notice: { type: NoticeType.UNLINKED, detail: platform },
    });
    expect(await second.code()).toMatchObject({ code, tag: tx.tag });
    expect(await world.confirm(tx, code)).toMatchObject({ state: "CONFIRMED" });
    expect(first.phone.withCode()).toEqual([]);
    expect((await world.core.user()).linkIds).toEqual([world.core.linkId]);
  },
);

test("a mail cannot be taken back, and no further one is sent", async () => {
  const { first, second } = await open("mail");
  const tx = await world.core.pending();
  await first.code();
  expect(await unlink(first)).toMatchObject({ type: AnswerType.OK });
  await world.core.pending();
  await second.code();
  expect(first.delivered).toHaveLength(1);
  expect((await world.core.transaction(tx.txId)).state).toBe("PENDING");
});

test("what was not sent yet is not sent any more", async () => {
  const { first, second } = await open("telegram", idle);
  await first.close();
  const tx = await world.core.pending();
  const [linkId = ""] = (await world.core.user()).linkIds;
  const link = await world.link(linkId);
  const { shard, writes } = await unlinkedElsewhere(link);
  await world.core.commit(shard, writes);
  await clearChat(world.given, link, "test");
  expect(await second.code()).toMatchObject({ tag: tx.tag });
  await clearChat(world.given, link, "test");
  expect(await world.core.audited("delivery.unlinked")).toBe(1);
  expect(await world.link(linkId)).not.toHaveProperty("leavingAt");
});

async function unlinkedElsewhere(link: Link) {
  const { tenantId, userId } = link;
  const shard = shardOfUser(tenantId, userId);
  const names = [userKey(tenantId, userId), linkKey(tenantId, link.linkId)] as const;
  const { entities, now } = await world.given.store.load(shard, ...names);
  const [user, held] = entities;
  const writes = unlinked({ user, links: [held] }, held, link, await world.core.user(), "elsewhere", now);
  return { shard, writes };
}

test("check 20: UNLINK from elsewhere takes codes of other transactions out of the chat", async () => {
  const { first, second } = await open("telegram");
  const tx = await world.core.pending();
  const { code } = await first.code();
  const [linkId = ""] = (await world.core.user()).linkIds;
  const removal = await world.core.transaction(await unlinkChannel(world, linkId));
  await first.until(() => first.delivered.find(({ tag, code: shown }) => tag === removal.tag && shown !== ""));
  await world.confirm(removal, world.core.code(removal));
  expect(await world.link(linkId)).toMatchObject({ state: "UNLINKED", leavingAt: world.given.store.now() });
  await world.pass(0);
  expect(await second.code()).toMatchObject({ tag: tx.tag, code });
  await first.until(() => (first.phone.withCode().length === 0 ? true : undefined));
  expect(await world.link(linkId)).not.toHaveProperty("leavingAt");
  expect(await world.given.store.nextDue()).toBeGreaterThan(world.given.store.now());
});

test("the only channel: the code goes from the chat, who read it may still use it", async () => {
  world = await ChannelWorld.open();
  const bot = await world.attached();
  const tx = await world.core.pending();
  const { code } = await bot.code();
  await askCommand(bot, world.core.linkId, CommandType.UNLINK);
  expect(await bot.outcome()).toMatchObject({ phase: Phase.OUTCOME, notice: { type: NoticeType.UNLINKED } });
  expect(bot.phone.withCode()).toEqual([]);
  expect(await world.confirm(tx, code)).toMatchObject({ state: "CONFIRMED" });
});
