import { freePort } from "@countersign/testing";
import { createServer } from "node:http";
import { once } from "node:events";
import { Secret, systemTimer, type BotLog, type LogEvent, type Timer } from "@countersign/bot-kit";
import { ManualTimer, settled } from "@countersign/bot-kit/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";
import { RecordingDesk } from "./testing/recording-desk.ts";

const CHAT = 4242;
let telegram: FakeBotApi;
let desk: RecordingDesk;
let end: AbortController;
let logged: LogEvent[];
const log: BotLog = { write: (event) => void logged.push(event) };
const open: TelegramChannel[] = [];

function channelOn(port: number, timer: Timer = systemTimer, secret: string = "the_secret"): TelegramChannel {
  const url = new URL(`http://127.0.0.1:${port}/telegram`);
  const webhook = { host: "127.0.0.1", port, url, secret: new Secret("webhook secret", secret) };
  const token = new Secret("telegram token", FAKE_TOKEN);
  const channel = new TelegramChannel({ token, apiRoot: telegram.apiRoot, timer, log, webhook });
  open.push(channel);
  return channel;
}

async function listening(port: number, timer?: Timer): Promise<TelegramChannel> {
  const channel = channelOn(port, timer);
  await channel.signIn(end.signal);
  await channel.listen(desk, end.signal);
  return channel;
}

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  desk = new RecordingDesk();
  end = new AbortController();
  logged = [];
});

afterEach(async () => {
  end.abort();
  for (const channel of open.splice(0)) await channel.close();
  await telegram.stop();
});

const methods = (): string[] => telegram.history.map(({ method }) => method);
const statuses = (): number[] => telegram.api.webhook.attempts.map(({ status }) => status);

test("it registers what it listens on, and never polls or deletes", async () => {
  const port = await freePort();
  await listening(port);
  expect(telegram.api.webhook.registrations).toEqual([
    {
      url: `http://127.0.0.1:${port}/telegram`,
      secret_token: "the_secret",
      allowed_updates: ["message", "callback_query", "my_chat_member"],
      max_connections: 40,
    },
  ]);
  expect(methods()).not.toContain("getUpdates");
  expect(methods()).not.toContain("deleteWebhook");
});

test("signing in registers nothing: a standby disturbs nobody", async () => {
  await channelOn(await freePort()).signIn(end.signal);
  expect(methods()).toEqual(["getMe"]);
});

test("what was written before arrives; each update once, and Telegram may forget it", async () => {
  telegram.api.say(CHAT, "one");
  await listening(await freePort());
  telegram.api.say(CHAT, "two");
  telegram.api.setBlocked(CHAT, true);
  await desk.until(() => desk.calls === 3);
  await telegram.api.webhook.until(() => telegram.api.queue.waiting.length === 0);
  expect(desk.texts.map(({ text }) => text).toSorted()).toEqual(["one", "two"]);
  expect(desk.goneFrom).toEqual([String(CHAT)]);
});

test("the lease goes while the core has not answered: Telegram brings the veto to the next process", async () => {
  desk.hold = new Promise(() => undefined);
  await listening(await freePort());
  telegram.api.say(CHAT, "/freeze");
  await desk.until(() => desk.texts.length === 1);
  end.abort();
  await open[0]?.close();
  await telegram.api.webhook.until(() => statuses().length > 0);
  expect(telegram.api.queue.waiting).toHaveLength(1);
  const [before] = desk.texts;
  [desk, end] = [new RecordingDesk(), new AbortController()];
  await listening(await freePort());
  await desk.until(() => desk.texts.length === 1);
  expect(desk.texts).toEqual([before]);
});

test("a replayed update is answered and not handed in again", async () => {
  await listening(await freePort());
  telegram.api.say(CHAT, "/freeze");
  const [update] = telegram.api.queue.waiting;
  await telegram.api.webhook.until(() => statuses().length === 1);
  telegram.api.put({ ...update });
  await telegram.api.webhook.until(() => statuses().length === 2);
  expect(statuses()).toEqual([200, 200]);
  expect(desk.texts).toHaveLength(1);
});

test.each<[string, () => void]>([
  ["set elsewhere", () => void telegram.api.webhook.set({ url: "http://127.0.0.1:1/", allowed_updates: [] })],
  ["deleted", () => void telegram.api.webhook.delete({})],
])("a webhook that somebody else has %s is taken back at the next look", async (_what, meddle) => {
  const timer = new ManualTimer();
  const port = await freePort();
  await listening(port, timer);
  meddle();
  await timer.advance(60_000);
  while (telegram.api.webhook.url !== `http://127.0.0.1:${port}/telegram`) await settled();
  expect(logged).toContainEqual({ event: "listening-failed", detail: "gone", retryInMs: 0 });
});

test("a webhook of ours under another secret is found out by the calls it brings", async () => {
  const timer = new ManualTimer();
  await listening(await freePort(), timer);
  const [registration] = telegram.api.webhook.registrations;
  telegram.api.webhook.set({ ...registration, secret_token: "other" });
  telegram.api.say(CHAT, "/freeze");
  await telegram.api.webhook.until(() => statuses().includes(401));
  expect(desk.calls).toBe(0);
  await timer.advance(60_000);
  await desk.until(() => desk.texts.length === 1);
});

test("a webhook that is as it should be is left alone", async () => {
  const timer = new ManualTimer();
  await listening(await freePort(), timer);
  for (const look of [1, 2]) {
    await timer.advance(60_000);
    while (methods().filter((method) => method === "getWebhookInfo").length < look || timer.sleeping === 0)
      await settled();
  }
  expect(telegram.api.webhook.registrations).toHaveLength(1);
});

test("a port that somebody else has, and a Telegram that is away: it tries again", async () => {
  const timer = new ManualTimer();
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  telegram.faults.add({ method: "setWebhook", kind: "status", status: 429, retryAfter: 1e9 });
  const listens = listening(port, timer);
  while (timer.sleeping === 0) await settled();
  expect(logged).toEqual([{ event: "listening-failed", detail: "connect", retryInMs: 500 }]);
  other.close();
  await once(other, "close");
  await timer.advance(500);
  while (timer.sleeping === 0) await settled();
  expect(logged.at(-1)).toEqual({ event: "listening-failed", detail: "rate-limited", retryInMs: 60_000 });
  await timer.advance(60_000);
  await listens;
  expect(telegram.api.webhook.url).toContain(String(port));
});

test("a bot that polls takes a foreign webhook away, at the start and later", async () => {
  telegram.api.webhook.set({ url: "http://127.0.0.1:1/", allowed_updates: [] });
  const token = new Secret("telegram token", FAKE_TOKEN);
  const channel = new TelegramChannel({ token, apiRoot: telegram.apiRoot, timer: systemTimer, log });
  open.push(channel);
  await channel.signIn(end.signal);
  await channel.listen(desk, end.signal);
  expect(telegram.api.webhook.url).toBeUndefined();
  telegram.api.webhook.set({ url: "http://127.0.0.1:1/", allowed_updates: [] });
  telegram.api.say(CHAT, "/freeze");
  await desk.until(() => desk.texts.length === 1);
  expect(telegram.api.webhook.url).toBeUndefined();
});
