import { Secret, silentLog, systemTimer, type LogEvent, type Timer } from "@countersign/bot-kit";
import { ManualTimer, settled } from "@countersign/bot-kit/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import { TelegramApi } from "./telegram-api.ts";
import { TelegramChannel } from "./telegram-channel.ts";
import { UpdateRouter } from "./update-router.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";
import { RecordingDesk } from "./testing/recording-desk.ts";

const CHAT = 4242;

let telegram: FakeBotApi;
let desk: RecordingDesk;
let end: AbortController;
const open: TelegramChannel[] = [];

const polls = (): number => telegram.history.filter(({ method }) => method === "getUpdates").length;

const conflicts = (): number => telegram.history.filter(({ status }) => status === 409).length;

async function listen(timer: Timer = systemTimer): Promise<TelegramChannel> {
  const { apiRoot } = telegram;
  const token = new Secret("telegram token", FAKE_TOKEN);
  const channel = new TelegramChannel({ token, apiRoot, timer, log: silentLog });
  open.push(channel);
  await channel.signIn(end.signal);
  await channel.listen(desk, end.signal);
  return channel;
}

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  desk = new RecordingDesk();
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

const menu = (locale: string): { command: string; description: string }[] => [
  { command: "pause", description: `in ${locale}` },
];

test("when it was written is told; the menu of another bot takes the place of the users'", async () => {
  const { apiRoot } = telegram;
  const token = new Secret("telegram token", FAKE_TOKEN);
  const channel = new TelegramChannel({ token, apiRoot, timer: systemTimer, log: silentLog, menu });
  open.push(channel);
  await channel.signIn(end.signal);
  await channel.listen(desk, end.signal);
  const from = { id: CHAT, is_bot: false, first_name: "Ada" };
  const message = { message_id: 1, date: 1_795_000_000, chat: { id: CHAT, type: "private" }, from, text: "/pause" };
  telegram.api.put({ message });
  await desk.until(() => desk.texts.length === 1);
  expect(desk.texts[0]?.at).toEqual(new Date(1_795_000_000_000));
  expect(telegram.api.menus.get("de")).toEqual([{ command: "pause", description: "in de" }]);
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
  desk = new RecordingDesk();
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

const person = { id: CHAT, is_bot: false, first_name: "Ada", language_code: "en" };
const own = { message_id: 900, date: 1_700_000_000, chat: { id: CHAT, type: "private" }, from: person };
const forwarded = { forward_origin: { type: "user", sender_user: person, date: 1 }, forward_date: 1 };

test("a forwarded command or link token is answered as nothing understood, and does nothing else", async () => {
  await listen();
  for (const text of ["/freeze", "/start AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA"]) {
    telegram.api.put({ message: { ...own, text, ...forwarded } });
  }
  await desk.until(() => desk.texts.length === 3);
  expect(desk.texts.map(({ text }) => text)).toEqual(["", "", ""]);
});

test.each<[string, object]>([
  ["an edited message", { edited_message: { ...own, text: "/freeze" } }],
  ["a channel post", { channel_post: { ...own, chat: { id: -1, type: "channel" }, text: "/freeze" } }],
  ["an inline query", { inline_query: { id: "1", from: person, query: "/freeze", offset: "" } }],
  ["a message of a bot", { message: { ...own, from: { ...person, is_bot: true }, text: "/freeze" } }],
  ["a press under a message that is not in his chat", { callback_query: { id: "1", from: person, data: "n.ref-1" } }],
  ["a message without text", { message: { ...own, sticker: {} } }],
  ["null", { message: null }],
  ["a list", { callback_query: [] }],
  ["two happenings in one", { my_chat_member: 5, callback_query: "x" }],
  ["prototypes", JSON.parse('{"message":{"__proto__":{"text":"/freeze"},"constructor":{}}}') as object],
])("%s is no event, and what follows is heard", async (_what, update) => {
  await listen();
  telegram.api.put(update as Readonly<Record<string, unknown>>);
  telegram.api.say(CHAT, "after");
  await desk.until(() => desk.texts.length === 1);
  expect(desk.texts.map(({ text }) => text)).toEqual(["after"]);
  expect(desk.calls).toBe(1);
});

test("a press on data of another person's message is handed in under the presser's own id", async () => {
  await listen();
  const stolen = { id: "1", from: person, message: own, chat_instance: "1", data: "n.ref-of-somebody-else" };
  telegram.api.put({ callback_query: stolen });
  await desk.until(() => desk.presses.length === 1);
  expect(desk.presses).toMatchObject([{ peerId: String(CHAT), buttonId: "n.ref-of-somebody-else" }]);
});

test("list elements that are no updates do not keep the others away", async () => {
  const update = { update_id: 70, message: { ...own, text: "/status" } };
  const result = [null, 5, [], { update_id: "1" }, update, { update_id: -3 }];
  telegram.faults.add({ method: "getUpdates", kind: "lie", result });
  await listen();
  await desk.until(() => desk.texts.length === 1);
  telegram.api.say(CHAT, "still there");
  await desk.until(() => desk.texts.length === 2);
  expect(desk.texts.map(({ text }) => text)).toEqual(["/status", "still there"]);
});

test("whatever an update is, handling it ends, and nobody is told of what nobody did", async () => {
  const token = new Secret("telegram token", FAKE_TOKEN);
  const api = new TelegramApi(token, telegram.apiRoot);
  api.introduce({ id: 1, is_bot: true, first_name: "Bot", username: "a_bot" });
  const errors: LogEvent[] = [];
  const router = new UpdateRouter(api, { write: (event) => void errors.push(event) });
  router.serve(desk);
  const kind = fc.constantFrom(
    "message",
    "callback_query",
    "my_chat_member",
    "edited_message",
    "poll",
    "x",
    "__proto__",
  );
  const junk = fc.oneof(fc.jsonValue(), fc.constant({ ...own, text: 5 }), fc.constant({ ...own, chat: { id: "1" } }));
  const update = fc.tuple(fc.nat(), fc.dictionary(kind, junk)).map(([id, fields]) => ({ update_id: id, ...fields }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(update, fc.anything()), async (value) =>
      expect(await router.handle(value)).toBeUndefined(),
    ),
    { numRuns: 500 },
  );
  expect(desk.calls).toBe(0);
  expect(errors).toEqual([]);
  api.close();
});

test("a link token in a group is left with the group", async () => {
  await listen();
  telegram.api.joinGroup(-77, CHAT, "/start AAAAAAAAAAAAAAAAAAAAAA");
  while (telegram.api.groups.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(desk.calls).toBe(0);
});

test("gone after blocking, back with the next command", async () => {
  await listen();
  telegram.api.setBlocked(CHAT, true);
  await desk.until(() => desk.goneFrom.length === 1);
  telegram.api.setBlocked(CHAT, false);
  telegram.api.say(CHAT, "/status");
  await desk.until(() => desk.texts.length === 1);
  expect(desk.calls).toBe(2);
});

test("two processes poll with one token: both live, nothing is lost, and what comes twice has one event id", async () => {
  await listen();
  const other = new RecordingDesk();
  const mine = desk;
  desk = other;
  await listen();
  const all = (): Set<string> => new Set([...mine.texts, ...other.texts].map(({ eventId }) => eventId));
  for (let at = 1; at <= 20; at += 1) {
    telegram.api.say(CHAT, `text ${at}`);
    if (at % 5 === 0) await Promise.race([mine.until(() => all().size === at), other.until(() => all().size === at)]);
  }
  const texts = new Set([...mine.texts, ...other.texts].map(({ text }) => text));
  expect(texts.size).toBe(20);
  expect(all().size).toBe(20);
  while (conflicts() === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(conflicts()).toBeLessThan(10);
}, 400_000);

test("a server that answers at once instead of waiting is not asked in a loop", async () => {
  telegram.faults.add({ method: "getUpdates", kind: "lie", result: [], times: 1_000 });
  const timer = new ManualTimer();
  await listen(timer);
  for (const asked of [2, 3, 4]) {
    // What it asked was answered, and now it waits.
    while (polls() < asked || timer.sleeping === 0) await settled();
    await timer.advance(999);
    expect(polls()).toBe(asked);
    await timer.advance(1);
  }
});

test("after an answer too long to read it asks for fewer updates, and for more again", async () => {
  await listen();
  telegram.faults.add({ method: "getUpdates", kind: "huge" });
  telegram.api.say(CHAT, "one");
  await desk.until(() => desk.texts.length === 1);
  telegram.api.say(CHAT, "two");
  await desk.until(() => desk.texts.length === 2);
  telegram.api.say(CHAT, "three");
  await desk.until(() => desk.texts.length === 3);
  const limits = telegram.history.filter(({ method }) => method === "getUpdates").map(({ params }) => params["limit"]);
  expect(new Set(limits)).toEqual(new Set([100, 25, 50]));
});
