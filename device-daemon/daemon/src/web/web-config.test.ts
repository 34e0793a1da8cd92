import { describe, expect, test } from "@jest/globals";
import { ConfigError, parseConfig } from "../config.ts";

const ENV = { XDG_RUNTIME_DIR: "/run/user/1000", HOME: "/home/erika" };
const BASE = ["--hid"];
const WEB = ["--web-port", "7001", "--web-origin", "https://bank.example"];

test("D1: without flags no page may use the keys", () => {
  expect(parseConfig(BASE, ENV).web).toBeUndefined();
  expect(parseConfig([...BASE, "--state", "/s"], ENV).web).toBeUndefined();
});

test("port, pages and the place of pairings", () => {
  expect(parseConfig([...BASE, ...WEB, "--web-origin", "http://localhost:3000"], ENV).web).toEqual({
    port: 7001,
    origins: ["https://bank.example", "http://localhost:3000"],
    state: "/home/erika/.local/state/countersign",
  });
  expect(parseConfig([...BASE, ...WEB], { ...ENV, XDG_STATE_HOME: "/state" }).web?.state).toBe("/state/countersign");
  expect(parseConfig([...BASE, ...WEB, "--state", "/s"], ENV).web?.state).toBe("/s");
});

describe("D3: an origin that a browser would not send is an error, not an entry that never matches", () => {
  test.each([
    "bank.example",
    "https://bank.example/",
    "https://bank.example/pay",
    "https://bank.example:443",
    "https://Bank.example",
    "https://*.bank.example",
    "http://bank.example",
    "http://127.0.0.1:3000",
    "http://localhost.bank.example",
    "https://user@bank.example",
    "null",
    "*",
    "",
  ])("D3: %j is refused", (origin) => {
    const args = [...BASE, "--web-port", "7001", "--web-origin", origin];
    expect(() => parseConfig(args, ENV)).toThrow("no origin as browsers send it");
  });
});

test.each([
  [["--web-port", "7001"], "--web-port needs --web-origin"],
  [["--web-origin", "https://bank.example"], "--web-origin needs --web-port"],
  [["--web-port", "x", "--web-origin", "https://bank.example"], "must be a port"],
  [["--web-port", "65536", "--web-origin", "https://bank.example"], "must be a port"],
  [["--web-port", "-1", "--web-origin", "https://bank.example"], ""],
])("%j is refused", (args, words) => {
  expect(() => parseConfig([...BASE, ...args], ENV)).toThrow(words);
});

test("a user without home must say where pairings are kept", () => {
  expect(() => parseConfig([...BASE, ...WEB], { XDG_RUNTIME_DIR: "/run" })).toThrow(ConfigError);
});
