import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readMembership, readMessage, readPress, readUpdateId, type Happening } from "./read-update.ts";

const ADA = { id: 42, is_bot: false, first_name: "Ada", last_name: "L", language_code: "en" };
const chat = { id: 42, type: "private", first_name: "Ada" };
const message = { message_id: 5, date: 1_700_000_000, chat, from: ADA, text: "/freeze" };
const query = { id: "77", from: ADA, chat_instance: "1", data: "n.ref", message: { message_id: 5, date: 1, chat } };
const change = {
  chat,
  from: ADA,
  date: 1,
  old_chat_member: { status: "member" },
  new_chat_member: { status: "kicked" },
};
const person = { id: 42, name: "Ada L", locale: "en" };

test("what a person writes, presses and blocks is read whole", () => {
  expect(readMessage(message)).toEqual({ type: "said", person, text: "/freeze", at: 1_700_000_000 });
  expect(readPress(query)).toEqual({ type: "pressed", person, queryId: "77", data: "n.ref" });
  expect(readMembership(change)).toEqual({ type: "gone", person });
});

test.each<[string, object]>([
  ["forwarded", { forward_origin: { type: "user" } }],
  ["forwarded, by older names", { forward_date: 1_600_000_000, forward_from: { id: 7 } }],
  ["forwarded by somebody hidden", { forward_sender_name: "X" }],
  ["put in by another bot", { via_bot: { id: 9, is_bot: true } }],
  ["sent in the name of a channel", { sender_chat: { id: -100, type: "channel" } }],
  ["sent through a business account", { business_connection_id: "b" }],
  ["a forwarded mark without value", { forward_origin: null }],
])("a command that was %s keeps nothing of its words", (_how, mark) => {
  for (const text of ["/freeze", "/start AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA"]) {
    expect(readMessage({ ...message, text, ...mark })).toMatchObject({ type: "said", text: "" });
  }
});

test.each<[string, object, Happening]>([
  ["a group", { chat: { id: -5, type: "group" } }, { type: "elsewhere", chatId: -5 }],
  ["a supergroup", { chat: { id: -1005, type: "supergroup" } }, { type: "elsewhere", chatId: -1005 }],
  ["a channel", { chat: { id: -1006, type: "channel" }, from: undefined }, { type: "elsewhere", chatId: -1006 }],
  ["a kind of chat not known today", { chat: { id: -7, type: "market" } }, { type: "elsewhere", chatId: -7 }],
  ["a private chat of somebody else", { chat: { id: 43, type: "private" } }, { type: "nothing" }],
  ["a private chat with a bot", { from: { ...ADA, is_bot: true } }, { type: "nothing" }],
  ["a sender who does not say whether he is a bot", { from: { ...ADA, is_bot: undefined } }, { type: "nothing" }],
  ["a private chat without sender", { from: undefined }, { type: "nothing" }],
])("from %s nothing is taken", (_where, place, expected) => {
  expect(readMessage({ ...message, ...place })).toEqual(expected);
  expect(readMembership({ ...change, ...place, new_chat_member: { status: "member" } })).toEqual(expected);
  const { from } = { from: ADA, ...place };
  const under = { ...query.message, ...("chat" in place ? { chat: place.chat } : {}) };
  expect(readPress({ ...query, from, message: under })).toEqual(expected);
});

test.each<[string, object]>([
  ["no data (a game)", { data: undefined }],
  ["data of 65 bytes", { data: "é".repeat(33) }],
  ["data that is no string", { data: { $ne: 1 } }],
  ["no message (inline)", { message: undefined, inline_message_id: "1" }],
  ["an id that no log or call should see", { id: "a\nb" }],
])("a press with %s is nothing", (_what, part) => {
  expect(readPress({ ...query, ...part })).toEqual({ type: "nothing" });
});

test.each([undefined, "", "x".repeat(4097), 5, null])("a text that is none of Telegram's is nothing", (text) => {
  expect(readMessage({ ...message, text })).toEqual({ type: "nothing" });
});

test("4096 characters are read", () => {
  expect(readMessage({ ...message, text: "/".repeat(4096) })).toMatchObject({ type: "said" });
});

test.each(["member", "administrator", "restricted", "creator", 5])(
  "coming back (%s) is no event of its own",
  (status) => {
    expect(readMembership({ ...change, new_chat_member: { status } })).toEqual({ type: "nothing" });
  },
);

test("leaving a group that threw us out is not tried", () => {
  const group = { ...change, chat: { id: -5, type: "group" } };
  expect(readMembership(group)).toEqual({ type: "nothing" });
});

test.each([
  [5, 5],
  [2 ** 53, undefined],
  [0, undefined],
  [-1, undefined],
  ["5", undefined],
  [1.5, undefined],
])("update_id %p is read as %p", (id, read) => expect(readUpdateId({ update_id: id })).toBe(read));

/** Anything JSON can say, most of it in the places where updates have something. */
const junk = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom<unknown>(42, "private", "kicked", false, ADA, chat, "__proto__"),
    tie("object"),
  ),
  object: fc.dictionary(
    fc.constantFrom(
      ...["id", "chat", "from", "text", "type", "data", "message", "status", "new_chat_member", "date"],
      ...["is_bot", "first_name", "language_code", "forward_origin", "via_bot", "sender_chat", "update_id"],
    ),
    tie("any"),
  ),
})).any;

test("whatever comes, nothing throws, and an event has its person in his own chat and words of a bounded length", () => {
  fc.assert(
    fc.property(junk, (value) => {
      for (const read of [readMessage, readPress, readMembership]) {
        const happening = read(value);
        if (happening.type === "nothing" || happening.type === "elsewhere") continue;
        const fields = value as { chat?: { id: number; type: string }; from: { id: number; is_bot: boolean } };
        expect(fields.from).toMatchObject({ id: happening.person.id, is_bot: false });
        expect(happening.type === "said" ? happening.text.length : 0).toBeLessThanOrEqual(4096);
      }
      readUpdateId(value);
    }),
    { numRuns: 2_000 },
  );
});
