import { Secret, silentLog, systemTimer, type FrontDesk, type Press, type Said } from "@countersign/bot-kit";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

const CHAT = 4242;

/** A front desk that keeps what comes, and settles when the test says so. */
class Desk implements FrontDesk {
  readonly texts: Said[] = [];
  readonly presses: Press[] = [];
  readonly goneFrom: string[] = [];
  hold: Promise<void> = Promise.resolve();
  #watchers: (() => void)[] = [];

  async said(said: Said): Promise<void> {
    this.texts.push(said);
    this.#changed();
    await this.hold;
  }

  async pressed(press: Press): Promise<void> {
    this.presses.push(press);
    this.#changed();
    await this.hold;
  }

  async mayJoin(): Promise<boolean> {
    return false;
  }

  async receipt(): Promise<void> {}

  async gone(_eventId: string, peerId: string): Promise<void> {
    this.goneFrom.push(peerId);
    this.#changed();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}

let telegram: FakeBotApi;
let desk: Desk;
let end: AbortController;
const open: TelegramChannel[] = [];

async function listen(): Promise<TelegramChannel> {
  const { apiRoot } = telegram;
  const token = new Secret("telegram token", FAKE_TOKEN);
  const channel = new TelegramChannel({ token, apiRoot, timer: systemTimer, log: silentLog });
  open.push(channel);
  await channel.signIn(end.signal);
  await channel.listen(desk, end.signal);
  return channel;
}

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  desk = new Desk();
  end = new AbortController();
});

afterEach(async () => {
  end.abort();
  await telegram.stop();
  for (const channel of open.splice(0)) await channel.close();
});

test("what was written before the bot listened arrives, each once, in order", async () => {
  telegram.api.say(CHAT, "/start AAAAAAAAAAAAAAAAAAAAAA");
  telegram.api.say(CHAT, "hello");
  await listen();
  telegram.api.say(CHAT, "482 915");
  await desk.until(() => desk.texts.length === 3);
  expect(desk.texts.map(({ text }) => text)).toEqual(["/start AAAAAAAAAAAAAAAAAAAAAA", "hello", "482 915"]);
  expect(new Set(desk.texts.map(({ eventId }) => eventId)).size).toBe(3);
});

test("an update is not confirmed to Telegram before the core has answered: a killed bot loses no veto", async () => {
  const answered = Promise.withResolvers<void>();
  desk.hold = answered.promise;
  await listen();
  telegram.api.say(CHAT, "/freeze");
  await desk.until(() => desk.texts.length === 1);
  end.abort();
  await open[0]?.close();
  expect(telegram.api.queue.waiting).toHaveLength(1);

  end = new AbortController();
  const [first] = desk.texts;
  desk = new Desk();
  await listen();
  await desk.until(() => desk.texts.length === 1);
  expect(desk.texts).toEqual([first]);
  answered.resolve();
});

test("one update that waits for the core does not hold up the next, and is not handed in twice", async () => {
  const answered = Promise.withResolvers<void>();
  desk.hold = answered.promise;
  await listen();
  telegram.api.say(CHAT, "/freeze");
  await desk.until(() => desk.texts.length === 1);
  telegram.api.say(7, "/status");
  await desk.until(() => desk.texts.length === 2);
  expect(desk.texts.map(({ peerId }) => peerId)).toEqual(["4242", "7"]);
  answered.resolve();
});

test("groups are left, and what is written there is nothing", async () => {
  await listen();
  telegram.api.joinGroup(-100_77, CHAT, "/start AAAAAAAAAAAAAAAAAAAAAA");
  telegram.api.say(CHAT, "after");
  await desk.until(() => desk.texts.length === 1);
  expect(desk.texts.map(({ text }) => text)).toEqual(["after"]);
  while (telegram.api.groups.size > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("a person who blocks the bot is told to the core as gone", async () => {
  await listen();
  telegram.api.setBlocked(CHAT, true);
  await desk.until(() => desk.goneFrom.length === 1);
  expect(desk.goneFrom).toEqual(["4242"]);
});

test.each([
  ["a second poller, 409", 409],
  ["a bad gateway", 502],
  ["too many requests", 429],
])("after %s it listens again by itself", async (_what, status) => {
  await listen();
  telegram.faults.add({ method: "getUpdates", kind: "status", status, retryAfter: 1 });
  telegram.api.say(CHAT, "one");
  await desk.until(() => desk.texts.length === 1);
  telegram.api.say(CHAT, "two");
  await desk.until(() => desk.texts.length === 2);
  expect(desk.texts.map(({ text }) => text)).toEqual(["one", "two"]);
});

test("a lying update list changes nothing: repeated and malformed updates are dealt with once", async () => {
  const result = [{ update_id: 5 }, { update_id: 5, message: null }, { update_id: 6, message: { text: 1 } }];
  telegram.faults.add({ method: "getUpdates", kind: "lie", result });
  telegram.faults.add({ method: "getUpdates", kind: "lie", result: "none" });
  await listen();
  telegram.api.say(CHAT, "still there");
  await desk.until(() => desk.texts.length === 1);
  expect(desk.texts.map(({ text }) => text)).toEqual(["still there"]);
});

test("the menu is set in every language", async () => {
  await listen();
  expect([...telegram.api.menus.keys()].toSorted()).toEqual(["", "ar", "de", "zh"]);
});
