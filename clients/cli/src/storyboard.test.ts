import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { CODE } from "@countersign/sdk/testing";
import { CliWorld } from "./testing/cli.ts";
import { painXml, reference } from "@countersign/payment-file/testing";

let world: CliWorld;
let pay: readonly string[];
beforeEach(async () => {
  world = await CliWorld.open([{ type: "approve", code: CODE }]);
  const bytes = painXml({ groups: [{ payments: [{ after: reference("Invoice 2026-114") }] }] });
  const file = world.write(join(world.folder, "invoice.xml"), bytes);
  pay = ["--config", world.config, "pay", file, "--receipts", world.folder];
});
afterEach(() => world.close());

test("tells the story on stderr and the result on stdout", async () => {
  const { code, out, err } = await world.runBare(...pay);
  expect(code).toBe(0);
  const { tag } = world.core.only.transaction;
  const lines = err.split("\n").map((line) => line.trim());
  expect(lines.slice(0, 3)).toEqual([
    `${tag}  EUR 1 250.00 → Müller GmbH  DE89 3704 0044 0532 0130 00`,
    "✔ key 04A1 found (display, keypad: mode B)",
    "✔ accepted, details equal",
  ]);
  expect(lines).toContain("Look at your KEY, then your PHONE. Type the phone's code on the key.");
  expect(out).toMatch(
    /^ {2}✔ Executed in \d+ s {3}receipt [0-9A-F-]{9} verified {3}again: countersign verify \S+\.json\n$/,
  );
  expect(err).not.toContain("\u001B");
});

test("--json is one state a line and leaves stderr alone", async () => {
  const { out, err } = await world.runBare(...pay, "--json");
  expect(err).toBe("");
  const states = out
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { state: string }).state);
  expect(new Set(states)).toEqual(new Set(["PENDING", "CONFIRMED", "EXECUTING", "EXECUTED"]));
  expect(states.at(-1)).toBe("EXECUTED");
});

test("--plain has neither signs nor moving parts", async () => {
  const { out, err } = await world.runWith({ env: {}, tty: true }, ...pay, "--plain");
  expect(out + err).not.toMatch(/[✔✘⛔⚠⠋⠙⠹]/u);
  expect(out + err).not.toContain("\u001B");
  expect(err).toContain("ok: accepted, details equal");
  expect(err).toContain("Amount: EUR 1 250.00");
  expect(err).toContain("Account: DE89 3704 0044 0532 0130 00");
});

test("a terminal sees what to do, the time left and colours; NO_COLOR takes the colours", async () => {
  const colours = await world.runWith({ env: {}, tty: true }, ...pay);
  expect(stripVTControlCharacters(colours.err)).toMatch(
    /Type the phone's code on the key\. {2}\d:\d\d {2}\(Ctrl-C withdraws\)/,
  );
  expect(colours.err).toContain("\u001B[32m✔");
  world.daemon.acts.push({ type: "approve", code: CODE });
  const none = await world.runWith({ env: { NO_COLOR: "1" }, tty: true }, ...pay);
  expect(none.err).not.toContain("\u001B[32m");
});

test("check 16: neither code, PIN nor token is in any output", async () => {
  const { out, err } = await world.runBare(...pay, "--json");
  expect(out + err).not.toContain(CODE);
  expect(out + err).not.toContain("cs_");
});

test("what others say cannot steer the terminal", async () => {
  const { errors } = world.core;
  errors.set("create", [
    { code: 3, reason: "BAD_INPUT", violations: [{ field: "\u001B[2J", description: "a\u202Eb" }] },
  ]);
  const { out, err } = await world.runBare(...pay);
  expect(out + err).toContain("<U+001B>[2J");
  expect(out + err).toContain("a<U+202E>b");
});

test("--dry-run contacts nobody", async () => {
  const { code, out } = await world.runBare(...pay, "--dry-run", "--core", "192.0.2.1:1");
  expect([code, out]).toEqual([0, expect.stringContaining("Reference  Invoice 2026-114")]);
  expect(world.core.held.size).toBe(0);
});
