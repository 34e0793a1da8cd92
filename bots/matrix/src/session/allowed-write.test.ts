import { describe, expect, test } from "@jest/globals";
import { refusalOf } from "./allowed-write.ts";

const room = "/_matrix/client/v3/rooms/!r:localhost";
const sealed = {
  algorithm: "m.megolm.v1.aes-sha2",
  ciphertext: "AwgA",
  sender_key: "k",
  device_id: "D",
  session_id: "s",
};

function judge(path: string, body: unknown, method = "PUT"): string | undefined {
  return refusalOf(method, new URL(path, "http://localhost"), typeof body === "string" ? body : JSON.stringify(body));
}

describe("what may leave for a room", () => {
  test.each([
    ["an encrypted event", `${room}/send/m.room.encrypted/t`, sealed],
    [
      "an encrypted reply",
      `${room}/send/m.room.encrypted/t`,
      { ...sealed, "m.relates_to": { "m.in_reply_to": { event_id: "$e" } } },
    ],
    [
      "a reaction",
      `${room}/send/m.reaction/t`,
      { "m.relates_to": { rel_type: "m.annotation", event_id: "$e", key: "👍" } },
    ],
    ["a redaction", `${room}/redact/$e/t`, {}],
    ["encryption switched on", `${room}/state/m.room.encryption/`, { algorithm: "m.megolm.v1.aes-sha2" }],
    ["retention", `${room}/state/m.room.retention/`, { max_lifetime: 1 }],
    ["power levels", `${room}/state/m.room.power_levels`, {}],
    ["leaving", `${room}/leave`, {}],
    ["a key for a device", "/_matrix/client/v3/sendToDevice/m.room.encrypted/t", { messages: {} }],
    [
      "a room of ours",
      "/_matrix/client/v3/createRoom",
      { name: "Countersign", initial_state: [{ type: "m.room.encryption" }, { type: "m.room.retention" }] },
    ],
  ])("%s", (_name, path, body) => {
    expect(judge(path, body)).toBeUndefined();
  });

  test("whatever is only asked for", () => {
    expect(judge(`${room}/messages`, "", "GET")).toBeUndefined();
  });
});

describe("what is kept back", () => {
  test.each([
    ["a message in clear", `${room}/send/m.room.message/t`, { body: "482915" }, "plaintext-event"],
    ["any other event", `${room}/send/m.sticker/t`, { body: "x" }, "plaintext-event"],
    ["a type spelled otherwise", `${room}/send/m%2Eroom%2Emessage/t`, { body: "x" }, "plaintext-event"],
    ["plaintext called encrypted", `${room}/send/m.room.encrypted/t`, { body: "482915" }, "plaintext-event"],
    [
      "plaintext beside ciphertext",
      `${room}/send/m.room.encrypted/t`,
      { ...sealed, body: "482915" },
      "plaintext-event",
    ],
    [
      "a new text in a relation",
      `${room}/send/m.room.encrypted/t`,
      { ...sealed, "m.relates_to": { rel_type: "m.replace", event_id: "$e", "m.new_content": { body: "x" } } },
      "plaintext-event",
    ],
    [
      "a reaction that spells",
      `${room}/send/m.reaction/t`,
      { "m.relates_to": { rel_type: "m.annotation", event_id: "$e", key: "482915" } },
      "plaintext-event",
    ],
    [
      "a reaction with more in it",
      `${room}/send/m.reaction/t`,
      { body: "x", "m.relates_to": { rel_type: "m.annotation", event_id: "$e", key: "👍" } },
      "plaintext-event",
    ],
    ["a topic", `${room}/state/m.room.topic/`, { topic: "482915" }, "plaintext-state"],
    ["state of another kind", `${room}/state/org.example/482915`, {}, "plaintext-state"],
    ["a reason", `${room}/redact/$e/t`, { reason: "482915" }, "plaintext-reason"],
    ["a reason for leaving", `${room}/leave`, { reason: "x" }, "plaintext-reason"],
    ["a room with a topic", "/_matrix/client/v3/createRoom", { topic: "x" }, "plaintext-state"],
    [
      "a room with a message in its state",
      "/_matrix/client/v3/createRoom",
      { initial_state: [{ type: "m.room.topic", content: { topic: "x" } }] },
      "plaintext-state",
    ],
    ["a body that is no JSON", `${room}/send/m.room.encrypted/t`, "482915", "unreadable-body"],
  ])("%s", (_name, path, body, refusal) => {
    expect(judge(path, body)).toBe(refusal);
    expect(judge(path, body, "POST")).toBe(refusal);
  });
});
