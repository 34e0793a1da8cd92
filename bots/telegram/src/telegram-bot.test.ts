import { connectCore, Secret, silentLog, startBot, systemTimer, type Bot } from "@countersign/bot-kit";
import {
  AnswerType,
  FakeCore,
  Kind,
  Label,
  Mode,
  NoticeType,
  Phase,
  timestampOf,
  type Deliver,
} from "@countersign/bot-kit/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TELEGRAM_PACE, TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

const CHAT = 4242;
let telegram: FakeBotApi;
let core: FakeCore;
let bot: Bot;

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  core = await FakeCore.start();
  bot = await startBot({
    channel: new TelegramChannel({
      token: new Secret("telegram token", FAKE_TOKEN),
      apiRoot: telegram.apiRoot,
      timer: systemTimer,
      log: silentLog,
    }),
    core: connectCore({ address: core.address, plaintext: true, token: new Secret("bot token", core.token) }),
    pace: { ...TELEGRAM_PACE, chat: { perSecond: 100, burst: 10 } },
    zone: "Europe/Berlin",
    timer: systemTimer,
    log: silentLog,
  });
});

afterEach(async () => {
  await bot.stop();
  core.stop();
  await telegram.stop();
  if (core.violations.length > 0) throw new Error(core.violations.join("; "));
});

const LINES = [
  { label: Label.AMOUNT, value: "EUR 1 250.00" },
  { label: Label.TO, value: "Müller GmbH" },
  { label: Label.ACCOUNT, value: "DE89 3704 0044 0532 0130 00" },
];

function prompt(phase: Deliver["phase"], more: Partial<Deliver> = {}): Partial<Deliver> {
  return {
    deliveryId: "d1",
    peerId: String(CHAT),
    phase,
    locale: "en",
    phrase: "blue teapot",
    issuerName: "Acme Bank",
    tag: "AMBER TIGER",
    kind: Kind.PAY,
    mode: Mode.B,
    lines: LINES,
    notAfter: timestampOf(new Date(Date.now() + 60_000)),
    ...more,
  };
}

function full(providerId: string): Partial<Deliver> {
  const expiresAt = timestampOf(new Date("2026-11-22T13:32:10Z"));
  return prompt(Phase.FULL, { code: "482915", expiresAt, actionRef: "ref-1", providerId });
}

async function sent(deliver: Partial<Deliver>): Promise<string> {
  const report = await core.deliver(deliver);
  if (!("sent" in report)) throw new Error(`not sent: fate ${report.failed.fate}`);
  return report.sent.providerId;
}

function seen(): { id: string; text: string; labels: string[][] }[] {
  const { messages } = telegram.api.open(CHAT).view();
  return messages.map(({ id, text, buttons }) => ({
    id,
    text,
    labels: buttons.map((row) => row.map(({ label }) => label)),
  }));
}

test("the notice becomes the whole message, and that the outcome, in one message on the phone", async () => {
  telegram.api.open(CHAT);
  const id = await sent(prompt(Phase.NOTICE));
  expect(seen()).toEqual([{ id, text: "Confirmation waiting", labels: [] }]);

  expect(await sent(full(id))).toBe(id);
  const text = [
    "Acme Bank · AMBER TIGER",
    "phrase: blue teapot",
    "",
    "Pay",
    "Amount: EUR 1 250.00",
    "To: Müller GmbH",
    "Account: DE89 3704 0044 0532 0130 00",
    "",
    "Every line must match the key AND what you meant.",
    "",
    "Code: 482 915",
    "Valid until 14:32:10 (UTC+1)",
    "Type it only on your key. Nobody from Acme Bank will ask for it.",
  ].join("\n");
  expect(seen()).toEqual([{ id, text, labels: [["Not me"], ["Wrong data", "Changed my mind"]] }]);

  const at = timestampOf(new Date("2026-11-22T13:31:46Z"));
  const notice = {
    type: NoticeType.EXECUTED,
    triesLeft: 0,
    rejectReason: 0,
    detail: "",
    receipt: "7F3A-91C2",
    at,
    claimBy: undefined,
    approved: 0,
    needed: 0,
    until: undefined,
    by: "",
  } as const;
  await sent(prompt(Phase.OUTCOME, { providerId: id, notice }));
  const [message] = seen();
  expect(message?.text).toContain("✔ Executed 14:31:46 (UTC+1)\nreceipt 7F3A-91C2");
  expect(message?.text).not.toContain("482");
  expect(message?.labels).toEqual([]);
});

test("the first message of a chat links it: the token arrives with the stable id of the person", async () => {
  telegram.api.say(CHAT, "/start AAAAAAAAAAAAAAAAAAAAAA");
  await core.until(() => core.events.length === 1);
  expect(core.events[0]).toEqual({
    $case: "linkClaim",
    value: {
      eventId: expect.stringMatching(/^tg-\d+-\d+$/),
      fence: 1n,
      peerId: "4242",
      peerName: "Test Person",
      peerIdentity: "",
      linkToken: "AAAAAAAAAAAAAAAAAAAAAA",
      privateChat: true,
    },
  });
  const chat = telegram.api.open(CHAT);
  const { messages } = await chat.viewAfter(1, AbortSignal.timeout(60_000));
  expect(messages[0]?.text).toContain("must show the same lines as your key");
});

test("a pressed button vetoes and is answered in a pop-up", async () => {
  core.answerWith(() => ({ type: AnswerType.TOO_LATE }));
  const chat = telegram.api.open(CHAT);
  const id = await sent(full(await sent(prompt(Phase.NOTICE))));
  telegram.api.press(CHAT, Number(id), "1.0");
  while (chat.popUps.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(core.events).toMatchObject([{ $case: "veto", value: { peerId: "4242", actionRef: "ref-1", reason: 1 } }]);
  expect(chat.popUps).toEqual(["Too late: it is already being carried out. They have been told."]);
});

test("deep link and platform are told to the core", () => {
  expect(core.hello).toMatchObject({
    platform: "telegram",
    deepLink: "https://t.me/countersign_test_bot?start={token}",
  });
});
