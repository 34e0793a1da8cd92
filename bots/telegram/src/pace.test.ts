import { connectCore, Secret, silentLog, startBot, systemTimer } from "@countersign/bot-kit";
import { FakeCore, Phase, sampleDeliver, type Report } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import { TELEGRAM_PACE, TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

test("20 prompts at once stay below 30 calls a second and 1 message a second and chat: nothing is refused", async () => {
  const telegram = await FakeBotApi.start();
  const core = await FakeCore.start();
  const bot = await startBot({
    channel: new TelegramChannel({
      token: new Secret("telegram token", FAKE_TOKEN),
      apiRoot: telegram.apiRoot,
      timer: systemTimer,
      log: silentLog,
    }),
    core: connectCore({ address: core.address, plaintext: true, token: new Secret("bot token", core.token) }),
    pace: TELEGRAM_PACE,
    zone: "UTC",
    timer: systemTimer,
    log: silentLog,
  });
  telegram.rate.limits = { perBot: 30, perChat: 1 };
  const deliver = async (chat: number, phase: Phase, providerId: string): Promise<Report> =>
    core.deliver(
      sampleDeliver(phase, { peerId: String(chat), deliveryId: `${chat}`, providerId, notAfter: undefined }),
    );
  const chats = Array.from({ length: 20 }, (_, at) => 1000 + at);
  const prompts = chats.map(async (chat) => {
    telegram.api.open(chat);
    const notice = await deliver(chat, Phase.NOTICE, "");
    return deliver(chat, Phase.FULL, "sent" in notice ? notice.sent.providerId : "");
  });
  const reports = await Promise.all(prompts);
  expect(reports.filter((report) => "sent" in report)).toHaveLength(20);
  expect(telegram.history.filter(({ status }) => status === 429)).toEqual([]);
  await bot.stop();
  core.stop();
  await telegram.stop();
}, 15_000);
