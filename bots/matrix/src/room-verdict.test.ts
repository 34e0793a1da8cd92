import { expect, test } from "@jest/globals";
import { judgeRoom } from "./room-verdict.ts";

const ME = "@bot:x";

test.each([
  ["the bot and one person", true, [ME, "@a:x"], [ME, "@a:x"], { type: "chat", peer: "@a:x", peerJoined: true }],
  ["a person who is invited", true, [ME, "@a:x"], [ME], { type: "chat", peer: "@a:x", peerJoined: false }],
  ["a third one who has joined", true, [ME, "@a:x", "@b:x"], [ME, "@a:x", "@b:x"], { type: "group" }],
  ["a third one who is only invited", true, [ME, "@a:x", "@b:x"], [ME, "@a:x"], { type: "group" }],
  ["a group in the clear", false, [ME, "@a:x", "@b:x"], [ME, "@a:x", "@b:x"], { type: "group" }],
  ["two in the clear", false, [ME, "@a:x"], [ME, "@a:x"], { type: "unencrypted", peer: "@a:x" }],
  ["nobody else", true, [ME], [ME], { type: "alone" }],
  ["nobody else, in the clear", false, [ME], [ME], { type: "unencrypted", peer: undefined }],
])("%s", (_who, encrypted, present, joined, verdict) => {
  expect(judgeRoom({ encrypted, present, joined, inTheMaking: false }, ME)).toEqual(verdict);
});

test.each([true, false])("a room of its own that has no guest yet is not judged (encrypted: %s)", (encrypted) => {
  expect(judgeRoom({ encrypted, present: [ME], joined: [ME], inTheMaking: true }, ME)).toEqual({ type: "making" });
});
