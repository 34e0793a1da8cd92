import { afterEach, expect, test } from "@jest/globals";
import { AnswerType, CommandType } from "@countersign/proto/node/channel/v1/channel_service";
import { openMemoryStore } from "../store/memory-store.ts";
import type { Store } from "../store/store.ts";
import { alteredStore } from "../testing/altered-store.ts";
import type { FakeClock } from "@countersign/testing";
import { askCommand, askVeto } from "./testing/ask.ts";
import { ChannelWorld } from "./testing/channel-world.ts";
import type { ScriptedBot } from "./testing/scripted-bot.ts";

let world: ChannelWorld;
afterEach(() => world.close());

/** A store whose commits take a while, as on another machine: what the bot tells next is there before they are done. */
async function unhurried(clock: FakeClock): Promise<Store> {
  return alteredStore(openMemoryStore({ clock }), async (commit, ...change) => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    return commit(...change);
  });
}

/** The bot tells that the user's chat is gone. */
function gone(bot: ScriptedBot, eventId: string, reason: string): void {
  bot.write({ $case: "peerGone", value: { eventId, fence: bot.fence, peerId: world.core.linkId, reason } });
}

test("who comes back right after he was told as gone is back: what is told of one chat counts in its order", async () => {
  world = await ChannelWorld.open({ open: unhurried });
  const bot = await world.attached();
  for (let i = 0; i < 5; i++) {
    gone(bot, `gone ${i}`, "");
    await askCommand(bot, world.core.linkId, CommandType.STATUS);
    expect(await world.link()).toMatchObject({ state: "LINKED", diedAt: expect.any(Number) });
  }
});

test("what comes right after the word that a chat is somebody else's now is nobody's", async () => {
  world = await ChannelWorld.open({ open: unhurried });
  const bot = await world.attached();
  const tx = await world.core.pending();
  await bot.code();
  gone(bot, "changed", "CHANNEL_IDENTITY_CHANGED");
  const [vetoed, unlinked] = await Promise.all([
    askVeto(bot, world.core.linkId, { tag: tx.tag }),
    askCommand(bot, world.core.linkId, CommandType.UNLINK),
  ]);
  expect([vetoed.type, unlinked.type]).toEqual([AnswerType.NOT_LINKED, AnswerType.NOT_LINKED]);
  expect(await world.link()).toMatchObject({ state: "SUSPENDED" });
  expect(await world.core.transaction(tx.txId)).not.toMatchObject({ state: "REJECTED" });
});
