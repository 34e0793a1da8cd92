// Who else than the user might end up with his channel. docs/decisions/0014 and docs/protocol/delivery.md section 7.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Label, decodeContent } from "@countersign/protocol";
import { AnswerType, NoticeType } from "@countersign/proto/node/channel/v1/channel_service";
import { ChannelWorld } from "../channel/testing/channel-world.ts";
import { askClaim, beginLink, confirmLink, linkTransaction } from "../channel/testing/linking.ts";
import type { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { LINK_TOKEN_MS } from "./link-token.ts";

let world: ChannelWorld;
let bot: ScriptedBot;
beforeEach(async () => {
  world = await ChannelWorld.open();
  bot = await world.attached();
});
afterEach(() => world.close());

const THIEF = { peerId: "666", peerName: "Erika M." };
const OWN = { peerId: "4242", peerName: "Erika M." };

function alerts(type: NoticeType) {
  return bot.delivered.filter(({ notice }) => notice?.type === type);
}

async function warned(): Promise<void> {
  await bot.until(() => alerts(NoticeType.LINK_REFUSED).at(0));
}

test("threat 20: a stolen token used first: the key shows the thief's id, the user refuses, nothing is linked", async () => {
  const begun = await beginLink(world);
  expect(await askClaim(bot, begun.linkToken, THIEF)).toMatchObject({ type: AnswerType.OK });
  const tx = await linkTransaction(world, begun.linkId);
  expect(decodeContent(tx.content).lines).toEqual([
    { label: Label.CHANNEL, value: "sandbox" },
    { label: Label.ADDRESS, value: THIEF.peerId },
    { label: Label.DETAIL_1, value: THIEF.peerName },
  ]);
  const { tenantId, linkId } = world.core;
  const done = await submitStatement(world.given, { txId: tx.txId, tenantId, signed: world.core.reject(tx) });
  expect(isRefusal(done) ? done.refused : done.state).toBe("REJECTED");
  expect(await world.link(begun.linkId)).toMatchObject({ state: "FAILED", failure: "REJECTED" });
  expect((await world.core.user()).linkIds).toEqual([linkId]);
});

test("threat 20: the user's own chat comes second: refused, and his linked channels hear of it, once", async () => {
  const begun = await beginLink(world);
  await askClaim(bot, begun.linkToken, THIEF);
  for (let i = 0; i < 5; i++) {
    expect(await askClaim(bot, begun.linkToken, OWN)).toMatchObject({ type: AnswerType.BAD_TOKEN });
  }
  await warned();
  await bot.code();
  expect(alerts(NoticeType.LINK_REFUSED)).toMatchObject([
    { peerId: world.core.linkId, notice: { detail: "sandbox" }, phrase: "blue teapot" },
  ]);
  expect(await world.core.audited("link.token-refused")).toBe(1);
});

// A token of scope `submit` may lie on the user's PC: malware begins links and shows each token by two chats of its own.
test("threat 25: many tokens, each used twice: his channels hear of it once an hour", async () => {
  const twice = async (first: number): Promise<void> => {
    for (let token = first; token < first + 3; token += 1) {
      const begun = await beginLink(world);
      await askClaim(bot, begun.linkToken, { peerId: `77${token}`, peerName: "" });
      expect(await askClaim(bot, begun.linkToken, THIEF)).toMatchObject({ type: AnswerType.BAD_TOKEN });
    }
  };
  await twice(1);
  expect(await world.core.audited("link.token-refused")).toBe(1);
  world.core.clock.advance(3_600_000);
  bot = world.bot(await world.botToken(drawHexId()));
  await bot.hello();
  await twice(4);
  expect(await world.core.audited("link.token-refused")).toBe(2);
});

test("threat 20: a token used again after it linked the right chat changes nothing, and is told there too", async () => {
  const begun = await beginLink(world);
  await askClaim(bot, begun.linkToken, OWN);
  await confirmLink(world, begun.linkId);
  expect(await askClaim(bot, begun.linkToken, THIEF)).toMatchObject({ type: AnswerType.BAD_TOKEN });
  await bot.until(() => (alerts(NoticeType.LINK_REFUSED).length === 2 ? true : undefined));
  expect(alerts(NoticeType.LINK_REFUSED).map(({ peerId }) => peerId)).toEqual(
    expect.arrayContaining([world.core.linkId, OWN.peerId]),
  );
  expect(await world.link(begun.linkId)).toMatchObject({ state: "LINKED", peerId: OWN.peerId });
});

test("check 20: an expired token is refused; nobody is warned of it for ever", async () => {
  const begun = await beginLink(world);
  await askClaim(bot, begun.linkToken, THIEF);
  world.core.clock.advance(LINK_TOKEN_MS + 1);
  const later = world.bot(await world.botToken(drawHexId()));
  await later.hello();
  expect(await askClaim(later, begun.linkToken, OWN)).toMatchObject({ type: AnswerType.BAD_TOKEN });
  expect(await world.core.audited("link.token-refused")).toBe(0);
});

test("check 20: a chat that takes the user's name, or changes it, is still itself", async () => {
  const begun = await beginLink(world);
  await askClaim(bot, begun.linkToken, { ...OWN, peerName: "Somebody" });
  await confirmLink(world, begun.linkId);
  const again = await beginLink(world);
  expect(await askClaim(bot, again.linkToken, { ...OWN, peerName: "Renamed" })).toMatchObject({
    type: AnswerType.ALREADY_LINKED,
  });
  expect(await world.link(begun.linkId)).toMatchObject({ peerId: OWN.peerId, peerName: "Somebody" });
});

test("check 20: a name that is another address in disguise does not replace the id on the key", async () => {
  const begun = await beginLink(world);
  await askClaim(bot, begun.linkToken, { peerId: "666", peerName: "4242" });
  const { lines } = decodeContent((await linkTransaction(world, begun.linkId)).content);
  expect(lines[1]).toEqual({ label: Label.ADDRESS, value: "666" });
});

test("check 20: a group is refused and leaves the token good", async () => {
  const begun = await beginLink(world);
  expect(await askClaim(bot, begun.linkToken, { ...THIEF, privateChat: false })).toMatchObject({
    type: AnswerType.NOT_PRIVATE,
  });
  expect(await askClaim(bot, begun.linkToken, OWN)).toMatchObject({ type: AnswerType.OK });
});

test("check 28: a token is worth nothing at another tenant's bot or on another platform", async () => {
  const begun = await beginLink(world);
  const matrix = world.bot(await world.botToken(drawHexId(), "matrix"));
  await matrix.hello("matrix");
  expect(await askClaim(matrix, begun.linkToken, OWN)).toMatchObject({ type: AnswerType.BAD_TOKEN });
  const stranger = await ChannelWorld.open();
  try {
    const foreign = await stranger.attached();
    expect(await askClaim(foreign, begun.linkToken, OWN)).toMatchObject({ type: AnswerType.BAD_TOKEN });
  } finally {
    await stranger.close();
  }
  expect(await world.core.audited("link.token-refused")).toBe(0);
  expect(await askClaim(bot, begun.linkToken, OWN)).toMatchObject({ type: AnswerType.OK });
});

test("check 19: old channels are told when it is asked for, without lines and code, and again when it is signed", async () => {
  const begun = await beginLink(world);
  await askClaim(bot, begun.linkToken, OWN);
  await bot.code();
  await bot.until(() => alerts(NoticeType.LINK_ASKED).at(0));
  const told = bot.delivered.filter(({ peerId }) => peerId === world.core.linkId);
  expect(told).toMatchObject([{ code: "", lines: [], tag: "", notice: { type: NoticeType.LINK_ASKED } }]);
  await confirmLink(world, begun.linkId);
  await bot.until(() => alerts(NoticeType.LINKED).at(0));
  expect(alerts(NoticeType.LINKED).map(({ peerId }) => peerId)).toEqual([world.core.linkId]);
});

test("check 19: whoever asks again and again is told of once within the hour", async () => {
  for (let i = 0; i < 3; i++) {
    await askClaim(bot, (await beginLink(world)).linkToken, { ...OWN, peerId: `${7000 + i}` });
  }
  await bot.until(() => alerts(NoticeType.LINK_ASKED).at(0));
  expect(await world.core.audited("link.told")).toBe(1);
});

test("threat 20: malware on the PC that begins a link for its own chat gets no further than the key", async () => {
  const begun = await beginLink(world);
  await askClaim(bot, begun.linkToken, THIEF);
  const tx = await linkTransaction(world, begun.linkId);
  const { tenantId } = world.core;
  const own = newTestKey();
  const signed = world.core.signed(tx, { code: world.core.code(tx) }, own);
  const done = await submitStatement(world.given, { txId: tx.txId, tenantId, signed });
  expect(done).toMatchObject({ refused: "UNKNOWN_KEY" });
  expect(await world.link(begun.linkId)).toMatchObject({ state: "CLAIMED" });
});
