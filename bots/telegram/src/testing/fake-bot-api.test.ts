import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startChild } from "@countersign/testing";
import { FAKE_TOKEN, FakeBotApi } from "./fake-bot-api.ts";

const CHAT = 4242;
let telegram: FakeBotApi;

interface Answer {
  readonly ok: boolean;
  readonly error_code?: number;
  readonly description?: string;
  readonly parameters?: { readonly retry_after: number };
  readonly result?: unknown;
}

async function call(method: string, params: unknown, token: string = FAKE_TOKEN): Promise<Answer> {
  const response = await fetch(`${telegram.apiRoot}bot${token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(params),
  });
  return (await response.json()) as Answer;
}

async function rest(method: string, path: string, body?: unknown): Promise<unknown> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return (await fetch(`${telegram.apiRoot}${path}`, { method, ...sent })).json();
}

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  telegram.api.open(CHAT);
});

afterEach(async () => telegram.stop());

const bare = { chat_id: CHAT, text: "x", link_preview_options: { is_disabled: true } };
const say = { ...bare, protect_content: true };
const change = { ...bare, reply_markup: { inline_keyboard: [] } };
const keyboard = (data: string): object => ({
  reply_markup: { inline_keyboard: [[{ text: "a", callback_data: data }]] },
});

test.each<[string, string, object, string]>([
  ["an unknown method", "sendMesage", say, "is not known here"],
  ["an unknown parameter", "sendMessage", { ...say, protect_contents: true }, 'no parameter "protect_contents"'],
  ["a wrong type", "sendMessage", { ...say, chat_id: "4242" }, '"chat_id" must be an integer'],
  ["a missing parameter", "sendMessage", { ...say, text: undefined }, 'needs "text"'],
  [
    "an edit that does not say what becomes of the buttons",
    "editMessageText",
    { ...bare, message_id: 9 },
    'needs "reply_markup"',
  ],
  [
    "a message that could be forwarded",
    "sendMessage",
    { ...say, protect_content: false },
    '"protect_content" must be true',
  ],
  [
    "a wrong type inside",
    "sendMessage",
    { ...say, link_preview_options: { is_disabled: 1 } },
    '"is_disabled" must be true',
  ],
  ["parse_mode, which we never use", "sendMessage", { ...say, parse_mode: "HTML" }, 'no parameter "parse_mode"'],
  ["an unknown chat", "sendMessage", { ...say, chat_id: 1 }, "Bad Request: chat not found"],
  ["no text", "sendMessage", { ...say, text: " " }, "message text is empty"],
  ["4097 characters", "sendMessage", { ...say, text: "x".repeat(4097) }, "message is too long"],
  ["65 bytes of callback data", "sendMessage", { ...say, ...keyboard("é".repeat(33)) }, "BUTTON_DATA_INVALID"],
  [
    "an entity beyond the text",
    "sendMessage",
    { ...say, entities: [{ type: "code", offset: 0, length: 2 }] },
    "ENTITY_BOUNDS_INVALID",
  ],
  ["an unknown message", "editMessageText", { ...change, message_id: 99 }, "message to edit not found"],
  ["an unknown message", "deleteMessage", { chat_id: CHAT, message_id: 99 }, "message to delete not found"],
  ["an unknown query", "answerCallbackQuery", { callback_query_id: "9" }, "query is too old"],
  ["a group it is not in", "leaveChat", { chat_id: -5 }, "chat not found"],
])("refuses %s in %s", async (_what, method, params, description) => {
  expect(await call(method, params)).toMatchObject({
    ok: false,
    error_code: 400,
    description: expect.stringContaining(description),
  });
});

test("knows its own token only", async () => {
  expect(await call("getMe", {}, "1:other")).toMatchObject({ error_code: 401 });
  expect(await call("getMe", {})).toMatchObject({ ok: true, result: { is_bot: true } });
});

test("the same edit twice is not modified; without keyboard the keyboard goes", async () => {
  const { result } = await call("sendMessage", { ...say, ...keyboard("d") });
  const { message_id: id } = result as { message_id: number };
  const edit = { ...change, message_id: id };
  expect(await call("editMessageText", { ...edit, ...keyboard("d") })).toMatchObject({
    description: expect.stringContaining("message is not modified"),
  });
  expect(await call("editMessageText", edit)).toMatchObject({ ok: true });
  expect(await rest("GET", `phone/${CHAT}/messages`)).toMatchObject({
    messages: [{ id: String(id), text: "x", buttons: [], edited: true, deleted: false }],
  });
});

test("a person who blocked the bot is 403, and the bot is told", async () => {
  await rest("POST", `phone/${CHAT}/block`);
  expect(await call("sendMessage", say)).toMatchObject({
    error_code: 403,
    description: "Forbidden: bot was blocked by the user",
  });
  expect(await call("getUpdates", {})).toMatchObject({
    result: [{ my_chat_member: { new_chat_member: { status: "kicked" } } }],
  });
});

test("a query is answered once", async () => {
  await call("sendMessage", { ...say, ...keyboard("d") });
  const [message] = telegram.api.open(CHAT).view().messages;
  await rest("POST", `phone/${CHAT}/press`, { messageId: message?.id, buttonId: "0.0" });
  const { result } = await call("getUpdates", {});
  const [update] = result as { callback_query: { id: string; data: string } }[];
  expect(update?.callback_query.data).toBe("d");
  const answer = { callback_query_id: update?.callback_query.id, text: "Stopped." };
  expect(await call("answerCallbackQuery", answer)).toMatchObject({ ok: true });
  expect(await call("answerCallbackQuery", answer)).toMatchObject({ error_code: 400 });
  expect(await rest("GET", `phone/${CHAT}/pop-ups`)).toEqual(["Stopped."]);
});

test("a second poller ends the first by 409; an offset confirms", async () => {
  const first = call("getUpdates", { timeout: 20 });
  while (telegram.history.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = call("getUpdates", { timeout: 20 });
  expect(await first).toMatchObject({
    error_code: 409,
    description: expect.stringContaining("terminated by other getUpdates"),
  });
  await rest("POST", `phone/${CHAT}/send`, { text: "/start tok" });
  const { result } = await second;
  const [update] = result as { update_id: number; message: { text: string } }[];
  expect(update?.message.text).toBe("/start tok");
  expect(await call("getUpdates", {})).toMatchObject({ result: [{ update_id: update?.update_id }] });
  expect(await call("getUpdates", { offset: (update?.update_id ?? 0) + 1 })).toMatchObject({ result: [] });
});

test("with a webhook polling is 409; what came is brought with the secret, and again until it is answered 2xx", async () => {
  const brought: { readonly secret: unknown; readonly body: string }[] = [];
  const statuses = [500, 302, 204];
  const bot = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      brought.push({ secret: request.headers["x-telegram-bot-api-secret-token"], body });
      response.writeHead(statuses[brought.length - 1] ?? 500).end();
    });
  }).listen(0, "127.0.0.1");
  await once(bot, "listening");
  const url = `http://127.0.0.1:${(bot.address() as AddressInfo).port}/hook`;
  expect(await call("setWebhook", { url, secret_token: "a-b_C9", allowed_updates: ["message"] })).toMatchObject({
    ok: true,
  });
  expect(await call("getUpdates", {})).toMatchObject({
    error_code: 409,
    description: expect.stringContaining("webhook is active"),
  });
  telegram.api.setBlocked(CHAT, true);
  telegram.api.say(CHAT, "/freeze");
  await telegram.api.webhook.until(() => telegram.api.queue.waiting.length === 0 || brought.length === 3);
  expect(telegram.api.webhook.attempts.map(({ status }) => status).slice(0, 2)).toEqual([500, 302]);
  expect(new Set(brought.map(({ secret }) => secret))).toEqual(new Set(["a-b_C9"]));
  expect(new Set(brought.map(({ body }) => body)).size).toBe(1);
  expect(await call("getWebhookInfo", {})).toMatchObject({ result: { url, allowed_updates: ["message"] } });
  expect(await call("deleteWebhook", {})).toMatchObject({ ok: true });
  expect(await call("getUpdates", {})).toMatchObject({ ok: true });
  bot.closeAllConnections();
  bot.close();
});

test.each<[string, object, string]>([
  ["plain http", { url: "http://bot.example/" }, "An HTTPS URL must be provided"],
  ["a secret with a space", { url: "https://bot.example/", secret_token: "a b" }, "unallowed characters"],
  ["a secret of 257", { url: "https://bot.example/", secret_token: "x".repeat(257) }, "unallowed characters"],
  ["101 connections", { url: "https://bot.example/", max_connections: 101 }, "max_connections"],
])("a webhook with %s is refused", async (_what, params, description) => {
  expect(await call("setWebhook", params)).toMatchObject({
    error_code: 400,
    description: expect.stringContaining(description),
  });
});

test("limits are enforced when asked: one new message a second and chat, edits free of it, 30 calls a bot", async () => {
  await telegram.stop();
  // All of it in one second, however long the calls take.
  telegram = await FakeBotApi.start({ monotonic: () => 0 });
  telegram.api.open(CHAT);
  await rest("POST", "limits", { perBot: 30, perChat: 1, retryAfter: 35 });
  const { result } = await call("sendMessage", say);
  const refusal = { error_code: 429, parameters: { retry_after: 35 } };
  expect(await call("sendMessage", say)).toMatchObject(refusal);
  const { message_id: id } = result as { message_id: number };
  for (let edit = 0; edit < 29; edit += 1) {
    expect(await call("editMessageText", { ...change, text: `x${edit}`, message_id: id })).toMatchObject({ ok: true });
  }
  expect(await call("editMessageText", { ...change, message_id: id })).toMatchObject(refusal);
});

test("faults are asked for by REST and used up", async () => {
  await rest("POST", "faults", {
    method: "sendMessage",
    kind: "status",
    status: 429,
    retryAfter: 7,
    contains: "secret",
  });
  expect(await call("sendMessage", say)).toMatchObject({ ok: true });
  const hit = { ...say, text: "a secret" };
  expect(await call("sendMessage", hit)).toMatchObject({ error_code: 429, parameters: { retry_after: 7 } });
  expect(await call("sendMessage", hit)).toMatchObject({ ok: true });
  expect(await rest("POST", "faults", { method: "*", kind: "weather" })).toMatchObject({
    error: expect.stringContaining("no fault of kind"),
  });
  expect(await rest("GET", "history")).toMatchObject([
    { status: 200 },
    { status: 429, performed: false },
    { performed: true },
  ]);
});

test("the phone waits for the next version when asked to", async () => {
  const later = rest("GET", `phone/77/messages?after=0`);
  await rest("POST", `phone/77/send`, { text: "/start" });
  await later;
  await call("sendMessage", { ...say, chat_id: 77, text: "hello" });
  expect(await rest("GET", "phone/77/messages?after=1")).toMatchObject({ version: 2, messages: [{ text: "hello" }] });
});

test("runs as a process", async () => {
  const child = await startChild("bots/telegram/src/testing/fake-bot-api-main.ts", ["--listen", "127.0.0.1:0"]);
  const { apiRoot, phone } = child.ready as { apiRoot: string; phone: string };
  expect(phone).toBe(`${apiRoot}phone/<chatId>`);
  expect(await (await fetch(`${apiRoot}phone/1/messages`)).json()).toEqual({ version: 0, messages: [] });
  expect(await child.stop()).toBe(0);
});
