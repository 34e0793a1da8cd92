// Clock, key and ports of a user's PC.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { CliWorld } from "../testing/cli.ts";
import { clockFindings } from "./clock.ts";
import { keyFindings, pagesFindings } from "./pc.ts";

let world: CliWorld;
beforeEach(async () => {
  world = await CliWorld.open();
});
afterEach(() => {
  jest.restoreAllMocks();
  world.close();
});

const NOON = "Mon, 30 Nov 2026 12:00:00 GMT";
const after = (seconds: number): number => Date.parse(NOON) + seconds * 1000;

test.each([0, 30, -30])("clocks that differ by %d s agree", (seconds) => {
  expect(clockFindings(NOON, after(seconds))).toEqual([expect.objectContaining({ good: true })]);
});

test.each([
  [31, "31 s ahead of the core's"],
  [-3600, "3600 s behind the core's"],
])("a clock that is wrong by %d s is told, with its fix", (seconds, words) => {
  const fix = "set it: sudo timedatectl set-ntp true";
  expect(clockFindings(NOON, after(seconds))).toEqual([{ what: expect.stringContaining(words), good: false, fix }]);
});

test("a core that told no date says nothing of clocks", () => {
  expect(clockFindings("", 0)).toEqual([]);
});

test.each([
  [3600, "3600 s ahead of the core's. Fix: set it"],
  [-3600, "3600 s behind the core's. Fix: set it"],
])("doctor on a PC whose clock is wrong by %d s: exit 69", async (seconds, words) => {
  const now = Date.now.bind(Date);
  jest.spyOn(Date, "now").mockImplementation(() => now() + seconds * 1000);
  const { code, out } = await world.run("doctor");
  expect([code, out.replaceAll(/\b(?:3599|3601) s/g, "3600 s")]).toEqual([69, expect.stringContaining(words)]);
});

test("doctor tells clock and firmware when they are as they should be", async () => {
  for (const key of world.daemon.keys) key.firmware = "1.2.3";
  const { out } = await world.run("doctor");
  expect(out).toContain("the clocks of this PC and of the core agree");
  expect(out).toContain("firmware 1.2.3)");
});

const key = { serial: "K1", model: "Acme", firmware: "", pinSet: true, pinRetries: 8 };

test.each([
  [{}, true, "key K1 (Acme, firmware not told)"],
  [{ firmware: "5.4.3" }, true, "key K1 (Acme, firmware 5.4.3)"],
  [{ pinSet: false }, false, "has no PIN"],
  [{ pinRetries: 0 }, false, "its PIN is blocked"],
  [{ pinRetries: 2 }, false, "2 PIN tries left"],
])("a key %j", (change, good, words) => {
  expect(keyFindings({ ...key, ...change })).toEqual([
    expect.objectContaining({ good, what: expect.stringContaining(words) as unknown }),
  ]);
});

test("the port for web pages: open, shut, and not asked for", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await pagesFindings(place)).toEqual([{ what: `pages ${place} is open`, good: true }]);
  await new Promise((resolve) => server.close(resolve));
  expect(await pagesFindings(place)).toEqual([
    { what: `nobody listens at pages ${place}`, good: false, fix: expect.stringContaining("--web-port PORT") },
  ]);
  expect(await pagesFindings(undefined)).toEqual([expect.objectContaining({ good: true })]);
  const { code, out } = await world.run("doctor", "--pages", place);
  expect([code, out]).toEqual([69, expect.stringContaining("Fix: start countersign-daemon with --web-port")]);
});
