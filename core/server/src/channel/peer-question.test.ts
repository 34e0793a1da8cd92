import { afterEach, expect, test } from "@jest/globals";
import { AnswerType } from "@countersign/proto/node/channel/v1/channel_service";
import type { Link } from "../identity/link.ts";
import { LINK_TOKEN_MS } from "../identity/link-token.ts";
import { isLinkOpen } from "../identity/open-links.ts";
import { drawHexId } from "../testing/core-world.ts";
import { ChannelWorld } from "./testing/channel-world.ts";
import { askClaim, askPeer, beginLink } from "./testing/linking.ts";
import type { ScriptedBot } from "./testing/scripted-bot.ts";

const STRANGER = "@stranger:example.com";
const { NOT_LINKED, OK } = AnswerType;

let world: ChannelWorld;
afterEach(() => world.close());

async function open(): Promise<{ bot: ScriptedBot; botId: string }> {
  world = await ChannelWorld.open();
  const botId = drawHexId();
  const bot = world.bot(await world.botToken(botId, "matrix"));
  await bot.hello("matrix");
  return { bot, botId };
}

async function mayJoin(bot: ScriptedBot, peerId: string): Promise<AnswerType> {
  return (await askPeer(bot, peerId)).type;
}

test.each([
  ["LINKED", OK],
  ["DEAD", OK],
  ["CLAIMED", OK],
  ["SUSPENDED", NOT_LINKED],
  ["UNLINKED", NOT_LINKED],
  ["FAILED", NOT_LINKED],
] as const)("check 20: the bot may join a chat that is %s: %s", async (state, answer) => {
  const { bot, botId } = await open();
  const over: Partial<Link> = { peerId: "@erika:example.com", state };
  await world.addLink(botId, "matrix", over);
  expect(await mayJoin(bot, "@erika:example.com")).toBe(answer);
});

test("check 20: a stranger is let in while a token of the platform is about, and no longer", async () => {
  const { bot } = await open();
  expect(await mayJoin(bot, STRANGER)).toBe(NOT_LINKED);
  await beginLink(world, { platform: "sandbox" });
  expect(await mayJoin(bot, STRANGER)).toBe(NOT_LINKED);
  await beginLink(world, { platform: "matrix" });
  expect(await mayJoin(bot, STRANGER)).toBe(OK);
  world.core.clock.advance(LINK_TOKEN_MS + 60_000);
  const again = world.bot(await world.botToken(drawHexId(), "matrix"));
  await again.hello("matrix");
  expect(await mayJoin(again, STRANGER)).toBe(NOT_LINKED);
});

test("a later token keeps it open, an earlier one does not shorten it", async () => {
  const { bot } = await open();
  for (let i = 0; i < 3; i++) {
    await beginLink(world, { platform: "matrix" });
    world.core.clock.advance(10_000);
    bot.write({ $case: "beat", value: { fence: bot.fence } });
    await bot.next("beatAck");
  }
  expect(await mayJoin(bot, STRANGER)).toBe(OK);
});

test("tokens of another tenant let nobody in", async () => {
  await open();
  const other = drawHexId();
  await world.core.addTenant(other, "Other Bank");
  await beginLink(world, { platform: "matrix" });
  expect(await isLinkOpen(world.given, other, "matrix")).toBe(false);
  expect(await isLinkOpen(world.given, world.core.tenantId, "matrix")).toBe(true);
});

test("a flood of strangers is let in sixty times a minute; whoever is linked is always known", async () => {
  const { bot, botId } = await open();
  await world.addLink(botId, "matrix", { peerId: "@erika:example.com" });
  await beginLink(world, { platform: "matrix" });
  const answers: AnswerType[] = [];
  for (let i = 0; i < 70; i++) answers.push(await mayJoin(bot, `@s${i}:example.com`));
  expect(answers.filter((type) => type === OK)).toHaveLength(60);
  expect(await mayJoin(bot, "@erika:example.com")).toBe(OK);
  expect(await mayJoin(bot, STRANGER)).toBe(NOT_LINKED);
});

test("a question about what can be no chat is no", async () => {
  const { bot } = await open();
  expect(await mayJoin(bot, "two words")).toBe(NOT_LINKED);
  const begun = await beginLink(world, { platform: "matrix" });
  await askClaim(bot, begun.linkToken, { peerId: STRANGER });
  expect(await mayJoin(bot, STRANGER)).toBe(OK);
});
