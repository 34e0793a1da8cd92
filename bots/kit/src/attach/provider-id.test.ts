import { Fate, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startBot, type Bot } from "../bot.ts";
import { silentLog } from "../log.ts";
import { Secret } from "../secret.ts";
import { FakeChannel } from "../testing/fake-channel.ts";
import { FakeCore } from "../testing/fake-core.ts";
import { ManualTimer } from "../testing/manual-timer.ts";
import { sampleDeliver } from "../testing/sample.ts";
import { connectCore } from "./core-connection.ts";

let core: FakeCore;
let channel: FakeChannel;
let bot: Bot;

beforeEach(async () => {
  core = await FakeCore.start();
  channel = new FakeChannel();
  const rate = { perSecond: 1000, burst: 1000 };
  bot = await startBot({
    channel,
    core: connectCore({ address: core.address, plaintext: true, token: new Secret("bot token", core.token) }),
    pace: { identity: rate, chat: rate, longestWaitMs: 5_000 },
    zone: "Europe/Berlin",
    timer: new ManualTimer(new Date("2026-11-22T13:30:00Z")),
    log: silentLog,
  });
});

afterEach(async () => {
  await bot.stop();
  core.stop();
});

// A homeserver or gateway names its messages as it likes. The core ends the stream of a bot that hands on what it does
// not take, and with it every other chat's deliveries.
test.each([["a".repeat(513)], ["$event id"], ["$\u00E9v\u00E9nement"], ["$a\nb"]])(
  "threat 19: a message whose provider calls it %j was sent with a fate that nobody knows; the stream goes on",
  async (id) => {
    channel.deliver = async () => Promise.resolve(id);
    const report = await core.deliver(sampleDeliver(Phase.NOTICE));
    expect(report).toMatchObject({ failed: { fate: Fate.UNKNOWN, reason: "CHANNEL_DOWN" } });
  },
);

test("the longest that the core takes is handed on", async () => {
  channel.deliver = async () => Promise.resolve("~".repeat(512));
  expect(await core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({ sent: { providerId: "~".repeat(512) } });
});
