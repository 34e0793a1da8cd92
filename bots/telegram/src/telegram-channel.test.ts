import { ChannelError, Secret, silentLog, systemTimer, type Outgoing } from "@countersign/bot-kit";
import { sampleOutgoing, testChannelContract, Phase, SAMPLE_CODE } from "@countersign/bot-kit/testing";
import { freePort } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi, type Fault } from "./testing/index.ts";

const CHAT = 4242;

function channelTo(telegram: FakeBotApi, token: string = FAKE_TOKEN): TelegramChannel {
  const { apiRoot } = telegram;
  return new TelegramChannel({
    token: new Secret("telegram token", token),
    apiRoot,
    timer: systemTimer,
    log: silentLog,
  });
}

testChannelContract("telegram", async () => {
  const telegram = await FakeBotApi.start();
  const chat = telegram.api.open(CHAT);
  const channel = channelTo(telegram);
  return {
    channel,
    peerId: String(CHAT),
    unknownPeerId: "999",
    traits: { twoPhase: true, deduplicates: true, cleansUp: true, hears: true },
    seen: async () =>
      chat
        .view()
        .messages.map(({ id, text, buttons }) => ({ id, text, buttons: buttons.flat().map(({ label }) => label) })),
    everWritten: async () => chat.everShown,
    say: async (text) => telegram.api.say(CHAT, text),
    press: async ({ id }, label) => {
      const button = chat
        .view()
        .messages.find((message) => message.id === id)
        ?.buttons.flat()
        .find((one) => one.label === label);
      telegram.api.press(CHAT, Number(id), button?.id ?? "none");
    },
    close: async () => {
      await channel.close();
      await telegram.stop();
    },
  };
});

let telegram: FakeBotApi;
let channel: TelegramChannel;

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  telegram.api.open(CHAT);
  channel = channelTo(telegram);
});

afterEach(async () => telegram.stop());

async function ship(outgoing: Outgoing, deadline = AbortSignal.timeout(60_000)): Promise<string | ChannelError> {
  try {
    return await channel.deliver(outgoing, deadline);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return error;
  }
}

/** Where this fault leaves the call without an answer, its deadline passes once Telegram has it, and has done it. */
async function shipInto({ method, kind }: Fault, outgoing: Outgoing): Promise<string | ChannelError> {
  const deadline = new AbortController();
  const earlier = telegram.history.length;
  const shipped = ship(outgoing, deadline.signal);
  if (
    ["before", "after"].includes(kind) &&
    method === (outgoing.replaces === undefined ? "sendMessage" : "editMessageText")
  ) {
    const isThere = (): boolean =>
      telegram.history.slice(earlier).some((call) => call.method === method && (call.performed || kind === "before"));
    while (!isThere()) await new Promise((resolve) => setImmediate(resolve));
    deadline.abort();
  }
  return shipped;
}

const notice = (): Outgoing => sampleOutgoing(Phase.NOTICE);
const full = (providerId: string): Outgoing => sampleOutgoing(Phase.FULL, { providerId });
const codesSeen = (): number =>
  telegram.api
    .open(CHAT)
    .view()
    .messages.filter(({ text }) => text.replaceAll(" ", "").includes(SAMPLE_CODE)).length;

test.each<[string, Omit<Fault, "method">, object]>([
  [
    "429",
    { kind: "status", status: 429, retryAfter: 35 },
    { fate: "not-sent", detail: "rate-limited", retryAfterMs: 35_000 },
  ],
  ["429 without a time", { kind: "status", status: 429 }, { fate: "not-sent", retryAfterMs: 5_000 }],
  ["500", { kind: "status", status: 500 }, { fate: "unknown", detail: "http-500" }],
  ["502", { kind: "status", status: 502 }, { fate: "unknown", detail: "http-502" }],
  [
    "400 of our making",
    { kind: "status", status: 400, description: "Bad Request: can't parse" },
    { fate: "not-sent", detail: "http-400" },
  ],
  ["401", { kind: "status", status: 401 }, { fate: "not-sent", detail: "http-401" }],
  ["403", { kind: "status", status: 403 }, { fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER" }],
  [
    "400 chat not found",
    { kind: "status", status: 400, description: "Bad Request: chat not found" },
    { fate: "permanent" },
  ],
  ["a time-out after accept", { kind: "after" }, { fate: "unknown", detail: "timeout" }],
  ["a black hole", { kind: "before" }, { fate: "unknown", detail: "timeout" }],
  ["a reset after accept", { kind: "reset-after" }, { fate: "unknown", detail: "reset" }],
  ["a reset before", { kind: "reset-before" }, { fate: "unknown", detail: "reset" }],
  ["a proxy's page", { kind: "non-json", performed: true }, { fate: "unknown", detail: "malformed-answer" }],
  ["an answer without message", { kind: "lie", result: true }, { fate: "unknown", detail: "malformed-answer" }],
  ["an answer of null", { kind: "lie", result: null }, { fate: "unknown", detail: "malformed-answer" }],
])("%s is put into its class, and nothing of request or token is in the error", async (_what, fault, expected) => {
  telegram.faults.add({ method: "sendMessage", ...fault });
  const error = await shipInto({ method: "sendMessage", ...fault }, { ...full("1"), replaces: undefined });
  expect(error).toBeInstanceOf(ChannelError);
  expect(error).toMatchObject(expected);
  const everything = [...Object.getOwnPropertyNames(error), "stack"].map((name) =>
    String(Reflect.get(Object(error), name)),
  );
  const [, secret = ""] = FAKE_TOKEN.split(":");
  for (const hidden of [secret, "482 915", SAMPLE_CODE, "teapot"]) expect(everything.join("\n")).not.toContain(hidden);
  expect(error).not.toHaveProperty("cause");
});

test("a server that is not there: certainly not sent", async () => {
  await telegram.stop();
  // Nobody else takes this port meanwhile.
  telegram = await FakeBotApi.start({ port: await freePort() });
  channel = channelTo(telegram);
  await telegram.stop();
  expect(await ship(notice())).toMatchObject({ fate: "not-sent", detail: "connect" });
  telegram = await FakeBotApi.start();
});

test.each<[string, Fault]>([
  ["before Telegram took the notice", { method: "sendMessage", kind: "reset-before" }],
  ["after Telegram took the notice", { method: "sendMessage", kind: "reset-after" }],
  ["before Telegram took the edit", { method: "editMessageText", kind: "reset-before" }],
  ["after Telegram took the edit", { method: "editMessageText", kind: "reset-after" }],
  ["by a time-out after the notice", { method: "sendMessage", kind: "after" }],
  ["by a time-out after the edit", { method: "editMessageText", kind: "after" }],
  ["by a proxy's page after the edit", { method: "editMessageText", kind: "non-json", performed: true }],
])("kill point: broken off %s, and repeated as the core would: exactly one code on the phone", async (_when, fault) => {
  telegram.faults.add(fault);
  const first = await shipInto(fault, notice());
  const id = first instanceof ChannelError ? await ship(notice()) : first;
  if (id instanceof ChannelError) throw id;
  const edited = await shipInto(fault, full(id));
  const fateOrId = edited instanceof ChannelError ? edited.fate : edited;
  expect(["unknown", id]).toContain(fateOrId);
  expect(await ship(full(id))).toBe(id);
  expect(codesSeen()).toBe(1);
  const notices = telegram.history.filter(({ method }) => method === "sendMessage");
  for (const { params } of notices) expect(params["text"]).toBe("Confirmation waiting");
});

test("every message is protected from forwarding, without preview, with its keyboard in every edit", async () => {
  const id = String(await ship(notice()));
  await ship(full(id));
  const [send, edit] = telegram.history;
  expect(send?.params).toMatchObject({ protect_content: true, link_preview_options: { is_disabled: true } });
  expect(edit?.params).toMatchObject({
    link_preview_options: { is_disabled: true },
    reply_markup: { inline_keyboard: [[{ text: "Not me" }], [{ text: "Wrong data" }, { text: "Changed my mind" }]] },
  });
});

test("a notice that the user deleted: the whole message does not follow as a new one", async () => {
  const id = String(await ship(notice()));
  const message = telegram.api.open(CHAT).find(Number(id));
  if (message !== undefined) message.deleted = true;
  expect(await ship(full(id))).toMatchObject({ fate: "permanent", detail: "gone", reason: "CHANNEL_DOWN" });
  expect(codesSeen()).toBe(0);
});

test.each(["-1001234", "0", "someone", "1e5", ""])(
  "a chat id that is no person's (%j) is refused without a call",
  async (peerId) => {
    expect(await ship({ ...notice(), peerId })).toMatchObject({ fate: "permanent" });
    expect(telegram.history).toEqual([]);
  },
);

test("signing in waits for Telegram, and stops when told to", async () => {
  telegram.faults.add({ method: "getMe", kind: "status", status: 502 });
  expect(await channel.signIn(AbortSignal.timeout(60_000))).toBe("https://t.me/countersign_test_bot?start={token}");
  telegram.faults.add({ method: "getMe", kind: "status", status: 502, times: 100 });
  await expect(channel.signIn(AbortSignal.timeout(100))).rejects.toThrow("timeout");
});
