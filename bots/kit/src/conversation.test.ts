import { Answer, AnswerType, CommandType } from "@countersign/proto/node/channel/v1/channel_service";
import { Kind, State } from "@countersign/proto/node/core/v1/content";
import { beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { BotEvent } from "./attach/event-desk.ts";
import { Conversation } from "./conversation.ts";
import { revealText, type Manner } from "./message/message.ts";
import { timestampOf } from "./message/timestamp.ts";
import type { Said } from "./second-channel.ts";
import { segments } from "./testing/gsm-7.ts";
import { ManualTimer, settled } from "./testing/manual-timer.ts";
import { LOCALES } from "./wording/words.ts";

const TOKEN = "AbCdEfGhIjKlMnOpQr_-12";
let asked: BotEvent[];
let spoken: { peerId: string; text: string }[];
let answers: (event: BotEvent) => Promise<Partial<Answer>>;
let conversation: Conversation;
let timer: ManualTimer;

function conversing(manner: Partial<Manner> = {}): Conversation {
  return new Conversation({
    ask: async (event) => {
      asked.push(event);
      return Answer.create(await answers(event));
    },
    say: (peerId, _eventId, message) => void spoken.push({ peerId, text: revealText(message) }),
    timer,
    manner: { zone: "Europe/Berlin", style: "full", hears: true, ...manner },
    endToEndEncrypted: false,
  });
}

/** An answer that has something to tell about everything. */
const FULL_ANSWER: Partial<Answer> = {
  type: AnswerType.OK,
  userState: "FROZEN",
  paused: true,
  platforms: ["telegram", "matrix", "mail", "sms"],
  transactions: Array.from({ length: 10 }, () => ({
    tag: "AMBER TIGER",
    issuerName: "Acme Bank",
    kind: Kind.PAY,
    state: State.EXECUTED,
    createdAt: timestampOf(new Date("2026-11-22T13:30:00Z")),
  })),
};

beforeEach(() => {
  asked = [];
  spoken = [];
  answers = async () => ({ type: AnswerType.OK });
  timer = new ManualTimer();
  conversation = conversing();
});

async function say(text: string, more: Partial<Said> = {}): Promise<string> {
  await conversation.said({
    eventId: "e1",
    peerId: "4242",
    peerName: "Eve",
    privateChat: true,
    locale: "en",
    text,
    ...more,
  });
  return spoken.at(-1)?.text ?? "";
}

test.each(["482915", "482 915", "٤٨٢٩١٥"])(
  "threat 14: a typed code (%s) goes nowhere, and the bot says so",
  async (typed) => {
    expect(await say(typed)).toContain("I never need a code");
    expect(asked).toEqual([]);
    expect(spoken.at(-1)?.text).not.toContain(typed);
  },
);

test("a link token goes to the core with the name made harmless", async () => {
  await say(`/start ${TOKEN}`, { peerName: `Eve\u202E\n\uFFFD ${"x".repeat(100)}` });
  expect(asked).toMatchObject([{ $case: "linkClaim", value: { linkToken: TOKEN, peerName: `Eve ${"x".repeat(60)}` } }]);
});

test.each([
  { type: AnswerType.OK, says: "must show the same lines as your key" },
  { type: AnswerType.BAD_TOKEN, says: "not valid any more" },
  { type: AnswerType.ALREADY_LINKED, says: "linked already" },
  { type: AnswerType.RATE_LIMITED, says: "Too often" },
  { type: AnswerType.NOT_PRIVATE, says: "one-to-one" },
])("a link token is answered: $says", async ({ type, says }) => {
  answers = async () => ({ type });
  expect(await say(TOKEN)).toContain(says);
});

test("nothing is done for a chat of several people", async () => {
  await say(`/start ${TOKEN}`, { privateChat: false });
  expect([asked, spoken]).toEqual([[], []]);
});

test.each([
  ["/freeze", CommandType.FREEZE, "Frozen"],
  ["/thaw", CommandType.THAW, "confirm the thaw with your key"],
  ["/unlink", CommandType.UNLINK, "Unlinked"],
  ["/pending", CommandType.PENDING, "Nothing waits for you"],
  ["/history", CommandType.HISTORY, "Nothing has been asked"],
  ["/channels", CommandType.CHANNELS, "No channel is linked"],
  ["/help", CommandType.STATUS, "/freeze · stop everything at once"],
])("%s asks the core and is answered", async (text, type, says) => {
  expect(await say(text)).toContain(says);
  expect(asked).toMatchObject([{ $case: "command", value: { type, peerId: "4242", eventId: "e1" } }]);
});

test("/status tells state, pause, encryption and channels", async () => {
  answers = async () => ({ type: AnswerType.OK, userState: "FROZEN", paused: true, platforms: ["telegram", "matrix"] });
  expect((await say("/status")).split("\n")).toEqual([
    "Your confirmations: frozen. Send /thaw, then use your key.",
    "Messages to this chat were paused, because nobody answered them. They come again now.",
    "This chat is not end-to-end encrypted.",
    "Your channels, in order:",
    "1. Telegram",
    "2. Matrix",
  ]);
});

test("/pending lists tag, who, what, where it stands and since when; in mode A the tag and who alone", async () => {
  const createdAt = timestampOf(new Date("2026-11-22T13:30:00Z"));
  const shown = { tag: "AMBER TIGER", issuerName: "Acme Bank", kind: Kind.PAY, state: State.PENDING, createdAt };
  const hidden = { ...shown, tag: "BLUE LAMP", kind: Kind.UNSPECIFIED };
  answers = async () => ({ type: AnswerType.OK, transactions: [shown, hidden] });
  expect((await say("/pending")).split("\n")).toEqual([
    "Waiting for you:",
    "AMBER TIGER · Acme Bank · Pay · waiting for you · 2026-11-22 14:30:00 (UTC+1)",
    "BLUE LAMP · Acme Bank · waiting for you · 2026-11-22 14:30:00 (UTC+1)",
  ]);
});

test("a chat that is linked to nobody is told so", async () => {
  answers = async () => ({ type: AnswerType.NOT_LINKED });
  expect(await say("/status")).toContain("not linked to you");
});

test("/language changes the language; another tag is answered with the choice", async () => {
  expect(await say("/language xx")).toContain("en, de, zh, ar");
  expect(asked).toEqual([]);
  expect(await say("/language DE")).toBe("Ab jetzt schreibe ich auf Deutsch.");
  expect(asked).toMatchObject([{ $case: "command", value: { type: CommandType.LANGUAGE, argument: "de" } }]);
  expect(await say("hello")).toContain("Das habe ich nicht verstanden");
});

test("!block stops by tag", async () => {
  expect(await say("!block amber tiger")).toBe("Stopped. Nothing will be sent.");
  expect(asked).toMatchObject([{ $case: "veto", value: { tag: "AMBER TIGER", actionRef: "" } }]);
});

test.each([
  { type: AnswerType.OK, button: "n.r1", reason: 2, says: "Stopped, and your confirmations are frozen." },
  { type: AnswerType.OK, button: "w.r1", reason: 1, says: "Stopped. Nothing will be sent." },
  { type: AnswerType.TOO_LATE, button: "c.r1", reason: 3, says: "Too late: it is already being carried out." },
  { type: AnswerType.NOTHING, button: "w.r1", reason: 1, says: "Nothing to stop" },
  { type: AnswerType.NOT_LINKED, button: "w.r1", reason: 1, says: "not linked" },
])("a press on $button, answered $type: $says", async ({ type, button, reason, says }) => {
  answers = async () => ({ type });
  const replies: string[] = [];
  await conversation.pressed({ eventId: "e1", peerId: "1", buttonId: button, locale: "en" }, (text) =>
    replies.push(text),
  );
  expect(asked).toMatchObject([{ $case: "veto", value: { reason, actionRef: "r1", tag: "" } }]);
  expect(replies).toEqual([expect.stringContaining(says)]);
});

test("a press that the core does not answer soon says so at the button, and the answer follows as a message", async () => {
  const answer = Promise.withResolvers<Partial<Answer>>();
  answers = async () => answer.promise;
  const replies: string[] = [];
  const press = { eventId: "e1", peerId: "1", buttonId: "w.r1", locale: "en" };
  const pressed = conversation.pressed(press, (text) => replies.push(text));
  await settled();
  await timer.advance(5_000);
  expect(replies).toEqual([expect.stringContaining("Not stopped yet")]);
  answer.resolve({ type: AnswerType.OK });
  await pressed;
  expect(spoken).toEqual([{ peerId: "1", text: "Stopped. Nothing will be sent." }]);
});

test.each(["", "x.r1", "n.", `n.${"r".repeat(25)}`, "approve"])(
  "a button id of nobody's (%j) asks nothing",
  async (buttonId) => {
    const replies: string[] = [];
    await conversation.pressed({ eventId: "e1", peerId: "1", buttonId, locale: "en" }, (text) => replies.push(text));
    expect(asked).toEqual([]);
    expect(replies).toHaveLength(1);
  },
);

test.each(["/freeze", `/start ${TOKEN}`, TOKEN, "!block amber tiger", "/help", "/unlink"])(
  "threat 14: forwarded, %s does nothing, and the bot says why",
  async (text) => {
    expect(await say(text, { forwarded: true })).toContain("I act only on what you write yourself");
    expect(asked).toEqual([]);
  },
);

test("threat 14: a code that is forwarded or stands in a sentence goes nowhere, and the bot says so", async () => {
  expect(await say("482915", { forwarded: true })).toContain("I never need a code");
  expect(await say("my code is 482 915, please confirm")).toContain("I never need a code");
  expect(asked).toEqual([]);
});

const commands = ["pending", "history", "channels", "status", "freeze", "thaw", "unlink", "language de", "help"];

test.each(LOCALES.flatMap((locale) => (["full", "short"] as const).map((style) => ({ locale, style }))))(
  "$locale, $style: every command is answered, by / and by ! alike, with nothing left open",
  async ({ locale, style }) => {
    conversation = conversing({ style });
    answers = async () => ({ ...FULL_ANSWER, locale });
    for (const command of [...commands, "block amber tiger", "language", "language xx", "approve", "start"]) {
      const bySlash = await say(`/${command}`, { locale });
      const byBang = await say(`!${command.toUpperCase()}`, { locale });
      expect([command, byBang]).toEqual([command, bySlash]);
      expect([command, bySlash.trim()]).not.toEqual([command, ""]);
      expect(bySlash).not.toMatch(/[{}\uE000-\uF8FF\u200B-\u200F\u2066-\u2069]|undefined|NaN/u);
      expect([command, style === "short" && segments(bySlash) > 2]).toEqual([command, false]);
    }
  },
);

test("in short a list names three and counts the rest", async () => {
  conversation = conversing({ style: "short" });
  answers = async () => FULL_ANSWER;
  expect((await say("/history")).split("\n")).toEqual([
    "The last transactions:",
    "AMBER TIGER - executed",
    "AMBER TIGER - executed",
    "AMBER TIGER - executed",
    "and 7 more",
  ]);
});

const KNOWN = ["veto", "linkClaim", "command"];

/** What a hostile person or provider writes: signs, commands, tokens, codes, anything. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 4096, size: "max" }),
  fc.stringMatching(/^[/!]?[a-zA-Z]{0,12}(@\w{0,5})?[ \n][\s\S]{0,80}$/),
  fc.constantFrom("/freeze", "!block amber tiger", TOKEN, "482 915", "/__proto__", "/constructor", "/".repeat(4096)),
);

test("whatever is written, nothing is thrown, and only known events with bounded contents reach the core", async () => {
  const hostile = fc.record({ peerName: anyText, locale: anyText, forwarded: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(anyText, hostile, async (text, more) => {
      asked = [];
      spoken = [];
      await conversation.said({ eventId: "e1", peerId: "4242", privateChat: true, text, ...more });
      expect(spoken).toHaveLength(1);
      expect(asked.length).toBeLessThanOrEqual(1);
      const [event] = asked;
      expect(KNOWN).toContain(event?.$case ?? "veto");
      const told = JSON.stringify(event?.value ?? {}, (_key, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      );
      // No text that might be a code goes along; a name is the platform's.
      const argument = event?.$case === "command" ? event.value.argument : "";
      expect(["", ...LOCALES]).toContain(argument);
      expect(told.length).toBeLessThan(1_500);
    }),
    { numRuns: 500 },
  );
}, 400_000);

test("whatever a provider hands in as a press, nothing is thrown and only vetoes leave", async () => {
  await fc.assert(
    fc.asyncProperty(anyText, anyText, async (buttonId, locale) => {
      asked = [];
      const replies: string[] = [];
      await conversation.pressed({ eventId: "e1", peerId: "1", buttonId, locale }, (text) => replies.push(text));
      expect(replies).toHaveLength(1);
      expect(asked.every(({ $case }) => $case === "veto")).toBe(true);
    }),
  );
});
