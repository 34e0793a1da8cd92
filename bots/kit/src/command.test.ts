import { CommandType } from "@countersign/proto/node/channel/v1/channel_service";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readRequest } from "./command.ts";

const TOKEN = "AbCdEfGhIjKlMnOpQr_-12";

test.each([
  [`/start ${TOKEN}`, { type: "link", token: TOKEN }],
  [`/start@some_bot ${TOKEN}`, { type: "link", token: TOKEN }],
  [TOKEN, { type: "link", token: TOKEN }],
  [`  ${TOKEN}\n`, { type: "link", token: TOKEN }],
  ["/start", { type: "greet" }],
  ["/start too-short", { type: "greet" }],
  ["/help", { type: "help" }],
  ["/pending", { type: "command", command: CommandType.PENDING, argument: "" }],
  ["/history", { type: "command", command: CommandType.HISTORY, argument: "" }],
  ["/channels", { type: "command", command: CommandType.CHANNELS, argument: "" }],
  ["/status", { type: "command", command: CommandType.STATUS, argument: "" }],
  ["/freeze", { type: "command", command: CommandType.FREEZE, argument: "" }],
  ["/thaw", { type: "command", command: CommandType.THAW, argument: "" }],
  ["/unlink", { type: "command", command: CommandType.UNLINK, argument: "" }],
  ["/language de", { type: "command", command: CommandType.LANGUAGE, argument: "de" }],
  ["!block amber tiger", { type: "veto", tag: "AMBER TIGER" }],
  ["!block", { type: "other" }],
  ["482915", { type: "code" }],
  ["482 915", { type: "code" }],
  ["4829-1507", { type: "code" }],
  ["٤٨٢٩١٥", { type: "code" }],
  ["48291", { type: "other" }],
  ["/approve", { type: "other" }],
  ["!status", { type: "command", command: CommandType.STATUS, argument: "" }],
  ["/Freeze", { type: "command", command: CommandType.FREEZE, argument: "" }],
  ["！Block amber tiger", { type: "veto", tag: "AMBER TIGER" }],
  ["／freeze", { type: "command", command: CommandType.FREEZE, argument: "" }],
  [`/freeze ${"they have my phone ".repeat(20)}`.trim(), expect.objectContaining({ command: CommandType.FREEZE })],
  ["/freeze\nnow", expect.objectContaining({ command: CommandType.FREEZE })],
  ["!block amber  tiger", { type: "veto", tag: "AMBER TIGER" }],
  ["!block 482 915", { type: "code" }],
  ["/approve 482915", { type: "code" }],
  ["the code is 482915", { type: "code" }],
  ["4 8 2 9 1 5", { type: "code" }],
  ["my IBAN is DE89 3704 0044 0532 0130 00", { type: "other" }],
  ["it costs 1250", { type: "other" }],
  ["/constructor", { type: "other" }],
  ["status", { type: "other" }],
  ["hello", { type: "other" }],
  ["", { type: "other" }],
])("%j", (text, request) => {
  expect(readRequest(text)).toEqual(request);
});

test("no text means yes: whatever is written, it is one of the closed set", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 5000 }), (text) => {
      expect(["link", "command", "greet", "help", "code", "veto", "other"]).toContain(readRequest(text).type);
    }),
  );
});
