import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { Secret } from "../secret.ts";
import { connectCore, readSecret } from "./core-connection.ts";

const folder = tempFolder();
const token = new Secret("bot token", "cs_bot_x");

function fileOf(text: string): string {
  const path = join(folder, "token");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

test("a token file holds the token alone; the surrounding line break is none of it", () => {
  expect(readSecret("bot token", fileOf("cs_bot_x\n")).reveal()).toBe("cs_bot_x");
});

test.each(["", " \n", "cs_bot_x cs_bot_y", "cs_bot_x\ncs_bot_y"])(
  "%j is refused, naming the file and not its text",
  (text) => {
    const path = fileOf(text);
    expect(() => readSecret("bot token", path)).toThrow(`${path} must hold the bot token alone, on one line`);
  },
);

test.each(["127.0.0.1:8701", "127.8.8.8:1", "localhost:1", "[::1]:8701"])(
  "check 29: %s may be plain text",
  (address) => {
    connectCore({ address, plaintext: true, token }).close();
    expect(address).toMatch(/:\d+$/);
  },
);

test.each(["core.example:8701", "10.0.0.1:1", "127.0.0.1.example:1", "localhost.example:1", "0.0.0.0:1"])(
  "check 29: %s may not",
  (address) => {
    expect(() => connectCore({ address, plaintext: true, token })).toThrow("without TLS");
  },
);

test("of several cores each attempt begins with the next one, and plain text to none of them leaves the machine", () => {
  const core = connectCore({ address: "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3", plaintext: true, token });
  const targets = [0, 1, 2, 3].map((attempt) => core.clientOf(attempt).getChannel().getTarget());
  core.close();
  expect(targets).toEqual([
    "ipv4:127.0.0.1:1,127.0.0.1:2,127.0.0.1:3",
    "ipv4:127.0.0.1:2,127.0.0.1:3,127.0.0.1:1",
    "ipv4:127.0.0.1:3,127.0.0.1:1,127.0.0.1:2",
    "ipv4:127.0.0.1:1,127.0.0.1:2,127.0.0.1:3",
  ]);
  expect(() => connectCore({ address: "127.0.0.1:1,10.0.0.1:2", plaintext: true, token })).toThrow("without TLS");
});

test.each(["a.example:1,b.example:1", "127.0.0.1:1,[::1]:1", "127.0.0.1:1,127.0.0.1"])("%s is no list", (address) => {
  expect(() => connectCore({ address, plaintext: false, token })).toThrow("IP addresses of one family");
});
