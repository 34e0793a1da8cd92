import { connectCore, Secret, silentLog, startBot, type Bot, type Timer } from "@countersign/bot-kit";
import {
  FakeCore,
  ManualTimer,
  NoticeType,
  Phase,
  sampleDeliver,
  sampleNotice,
  settled,
  type Report,
} from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import { TELEGRAM_PACE, TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

const STEP_MS = 10;

async function botBetween(core: FakeCore, telegram: FakeBotApi, timer: Timer): Promise<Bot> {
  const { apiRoot } = telegram;
  return startBot({
    channel: new TelegramChannel({ token: new Secret("telegram token", FAKE_TOKEN), apiRoot, timer, log: silentLog }),
    core: connectCore({ address: core.address, plaintext: true, token: new Secret("bot token", core.token) }),
    pace: TELEGRAM_PACE,
    zone: "UTC",
    timer,
    log: silentLog,
  });
}

test("20 prompts at once stay below 30 calls a second and 1 message a second and chat: nothing is refused", async () => {
  const timer = new ManualTimer();
  const telegram = await FakeBotApi.start({ monotonic: () => timer.monotonic() });
  const core = await FakeCore.start({ leaseMs: 3_600_000 });
  const bot = await botBetween(core, telegram, timer);
  telegram.rate.limits = { perBot: 30, perChat: 1 };
  const asleep = timer.sleeping;
  const deliver = async (chat: number, phase: Phase, providerId: string): Promise<Report> =>
    core.deliver(
      sampleDeliver(phase, { peerId: String(chat), deliveryId: `${chat}`, providerId, notAfter: undefined }),
    );
  const chats = Array.from({ length: 20 }, (_, at) => 1000 + at);
  const reports: Report[] = [];
  const prompts = chats.map(async (chat) => {
    telegram.api.open(chat);
    const notice = await deliver(chat, Phase.NOTICE, "");
    reports.push(await deliver(chat, Phase.FULL, "sent" in notice ? notice.sent.providerId : ""));
  });
  while (reports.length < chats.length) {
    // Everybody waits for his turn before time moves on: what happens depends on no machine's speed.
    while (timer.sleeping < asleep + chats.length - reports.length) await settled();
    await timer.advance(STEP_MS);
  }
  await Promise.all(prompts);
  expect(reports.filter((report) => "sent" in report)).toHaveLength(20);
  expect(telegram.history.filter(({ status }) => status === 429)).toEqual([]);
  await bot.stop();
  core.stop();
  await telegram.stop();
}, 400_000);

const SECONDS = 60;
const CHATS = 40;

test("25 calls a second for a minute, below 30 a bot and 1 a chat: no 429, nothing lost", async () => {
  const timer = new ManualTimer();
  const telegram = await FakeBotApi.start({ monotonic: () => timer.monotonic() });
  const core = await FakeCore.start({ leaseMs: 3_600_000 });
  const bot = await botBetween(core, telegram, timer);
  telegram.rate.limits = { perBot: 30, perChat: 1 };
  const asleep = timer.sleeping;
  const over = new AbortController();
  let [busy, failures] = [0, 0];
  const show = async (phase: Phase, chat: number, prompt: number, providerId: string): Promise<string> => {
    const notice = phase === Phase.OUTCOME ? sampleNotice(NoticeType.EXECUTED) : undefined;
    const given = { peerId: String(chat), deliveryId: `${chat}-${prompt}`, providerId, notice, notAfter: undefined };
    const report = await core.deliver(sampleDeliver(phase, given));
    if ("failed" in report) failures += 1;
    return "sent" in report ? report.sent.providerId : "";
  };
  const person = async (chat: number): Promise<void> => {
    telegram.api.open(chat);
    busy += 1;
    for (let prompt = 0; !over.signal.aborted; prompt += 1) {
      const id = await show(Phase.NOTICE, chat, prompt, "");
      await show(Phase.FULL, chat, prompt, id);
      await show(Phase.OUTCOME, chat, prompt, id);
    }
    busy -= 1;
  };
  const people = Array.from({ length: CHATS }, async (_, at) => person(1000 + at));
  // Everybody waits for his turn before time moves on: what happens depends on no machine's speed.
  const everybodyWaits = async (): Promise<void> => {
    while (timer.sleeping < asleep + busy) await settled();
  };
  const start = telegram.history.length;
  for (let ms = 0; ms < SECONDS * 1000; ms += STEP_MS) {
    await everybodyWaits();
    await timer.advance(STEP_MS);
  }
  const calls = telegram.history.slice(start).filter(({ method }) => method !== "getUpdates");
  expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
  expect(failures).toBe(0);
  expect(calls.length / SECONDS).toBeGreaterThanOrEqual(25);
  over.abort();
  const done = Promise.all(people).then(() => "done");
  while ((await Promise.race([done, settled()])) !== "done") await timer.advance(STEP_MS);
  await bot.stop();
  core.stop();
  await telegram.stop();
}, 400_000);
