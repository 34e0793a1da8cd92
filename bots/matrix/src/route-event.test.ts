import { expect, test } from "@jest/globals";
import { stableId, type HeardEvent } from "./heard-event.ts";
import { routeEvent } from "./route-event.ts";

const PEER = "@alice:x";
const BUTTONS = ["n.ref", "w.ref", "c.ref"];
const buttonsOf = (event: string): readonly string[] => (event === "$prompt" ? BUTTONS : []);

function heard(more: Partial<HeardEvent>): HeardEvent {
  const content = { msgtype: "m.text", body: "/status" };
  return { id: "$e", type: "m.room.message", sender: PEER, stateKey: undefined, content, proof: "sender", ...more };
}

function reaction(key: unknown, event: unknown = "$prompt", kind = "m.annotation"): Partial<HeardEvent> {
  const content = { "m.relates_to": { rel_type: kind, event_id: event, key } };
  return { type: "m.reaction", content, proof: "clear" };
}

test("an encrypted text of the person is what he said, under an id made of the event's", () => {
  expect(routeEvent(heard({}), PEER, buttonsOf)).toEqual({
    type: "said",
    eventId: stableId("said", "$e"),
    text: "/status",
    forwarded: false,
  });
});

test.each<[string, Partial<HeardEvent>]>([
  ["in the clear", { proof: "clear" }],
  ["of a device nobody vouches for", { proof: "doubtful" }],
  ["that cannot be decrypted", { proof: "undecryptable" }],
  ["of somebody else", { sender: "@mallory:x" }],
  ["that is no text", { content: { msgtype: "m.image", body: "/freeze" } }],
  ["that is a notice, as other bots send them", { content: { msgtype: "m.notice", body: "/freeze" } }],
  ["without body", { content: { msgtype: "m.text" } }],
  ["whose body is no string", { content: { msgtype: "m.text", body: { a: 1 } } }],
  [
    "that changes an earlier one",
    { content: { msgtype: "m.text", body: "/freeze", "m.relates_to": { rel_type: "m.replace" } } },
  ],
  ["of another type", { type: "m.sticker" }],
])("a message %s does nothing", (_what, more) => {
  expect(routeEvent(heard(more), PEER, buttonsOf)).toEqual({ type: "nothing" });
});

test("the words of a reply are no command", () => {
  const content = { msgtype: "m.text", body: "/freeze", "m.relates_to": { "m.in_reply_to": { event_id: "$x" } } };
  expect(routeEvent(heard({ content }), PEER, buttonsOf)).toMatchObject({ type: "said", forwarded: true });
});

test("a long text is bounded", () => {
  const said = routeEvent(heard({ content: { msgtype: "m.text", body: "x".repeat(60_000) } }), PEER, buttonsOf);
  expect(said).toMatchObject({ text: "x".repeat(1_024) });
});

test.each([
  ["⛔", "n.ref"],
  ["⛔️", "n.ref"],
  ["✏️", "w.ref"],
  ["✏", "w.ref"],
  ["↩️", "c.ref"],
  ["↩", "c.ref"],
])("the reaction %s presses %s, with or without its mark for colour", (key, buttonId) => {
  expect(routeEvent(heard(reaction(key)), PEER, buttonsOf)).toEqual({
    type: "pressed",
    eventId: stableId("press", "$e"),
    buttonId,
  });
});

test.each<[string, Partial<HeardEvent>]>([
  ["another symbol", reaction("👍")],
  ["a label", reaction("Not me")],
  ["no key", reaction(undefined)],
  ["a number", reaction(0)],
  ["an unknown message", reaction("⛔", "$other")],
  ["no message", reaction("⛔", 7)],
  ["another relation", reaction("⛔", "$prompt", "m.reference")],
  ["somebody else", { ...reaction("⛔"), sender: "@mallory:x" }],
  ["no relation", { type: "m.reaction", content: { "m.relates_to": null } }],
])("a reaction with %s presses nothing", (_what, more) => {
  expect(routeEvent(heard(more), PEER, buttonsOf)).toEqual({ type: "nothing" });
});

test.each(["leave", "ban"])("membership %s of the person, by whoever: he is gone", (membership) => {
  const member = { type: "m.room.member", stateKey: PEER, content: { membership }, proof: "clear" } as const;
  expect(routeEvent(heard(member), PEER, buttonsOf)).toEqual({ type: "gone", eventId: stableId("gone", "$e") });
  expect(routeEvent(heard({ ...member, stateKey: "@third:x" }), PEER, buttonsOf)).toEqual({ type: "nothing" });
});

test("ids for the core are printable and bounded, whatever the homeserver calls an event", () => {
  for (const id of ["$e", `$${"ä\n".repeat(500)}:server`, ""]) expect(stableId("said", id)).toMatch(/^[!-~]{1,64}$/);
  expect(stableId("said", "$a")).not.toBe(stableId("press", "$a"));
});
