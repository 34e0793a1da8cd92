import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore, Phase, sampleDeliver, type Report } from "@countersign/bot-kit/testing";
import { type Child, freePort, startChild, tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { FakeBotApi, type Fault } from "./testing/index.ts";

const CHAT = 4242;
const CODE = "907351";
const TOKEN = "7000001:canary-of-telegram";
const CORE_TOKEN = "cs_bot_canary-of-core";
const SECRET = "canary-of-the-webhook";
const PHRASE = "canary phrase";
/** However it may be grouped. */
const FORBIDDEN = /9[\s-]?0[\s-]?7[\s-]?3[\s-]?5[\s-]?1|canary|AMBER|Müller|DE89|EUR 1/i;

const EVERYTHING: readonly Omit<Fault, "method">[] = [
  { kind: "status", status: 429, retryAfter: 0.5 },
  { kind: "status", status: 429, retryAfter: "x" },
  { kind: "status", status: 400, description: `Bad Request: ${CODE} ${TOKEN}` },
  { kind: "status", status: 401, description: TOKEN },
  { kind: "status", status: 409, description: CODE },
  { kind: "status", status: 500, description: CODE },
  { kind: "non-json", status: 502, performed: true },
  { kind: "non-json", performed: true },
  { kind: "truncated", performed: true },
  { kind: "cut" },
  { kind: "huge" },
  { kind: "redirect", location: "http://127.0.0.1:1/canary" },
  { kind: "reset-before" },
  { kind: "reset-after" },
  { kind: "lie", result: { message_id: CODE } },
  { kind: "lie", result: null },
  { kind: "status", status: 400, description: "Bad Request: message to edit not found" },
  { kind: "status", status: 403, description: `Forbidden: ${CODE}` },
];

const folder = tempFolder();
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const quiet = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const providerId = (report: Report): string => ("sent" in report ? report.sent.providerId : "");

test.each(["polling", "webhook"])(
  "threat 21: the process (%s) through every fault writes no code, token, secret or word of a transaction anywhere",
  async (mode) => {
    const core = await FakeCore.start({ token: CORE_TOKEN });
    const telegram = await FakeBotApi.start({ token: TOKEN });
    telegram.api.open(CHAT);
    const port = await freePort();
    const flags = [
      ...["--core", core.address, "--plaintext", "--token-file", file("core", CORE_TOKEN)],
      ...["--telegram-token-file", file("telegram", TOKEN), "--api-root", telegram.apiRoot],
    ];
    const webhook = ["--webhook-listen", `127.0.0.1:${port}`, "--webhook-url", `http://127.0.0.1:${port}/hook`];
    if (mode === "webhook") flags.push(...webhook, "--webhook-secret-file", file("secret", SECRET));
    const bot = await startChild("bots/telegram/src/main.ts", flags);
    const deliver = async (phase: Phase, at: string, id: string): Promise<Report> => {
      const code = phase === Phase.FULL ? CODE : "";
      const given = { peerId: String(CHAT), phrase: PHRASE, deliveryId: at, providerId: id, notAfter: undefined, code };
      return core.deliver(sampleDeliver(phase, given));
    };
    const first = providerId(await deliver(Phase.NOTICE, "first", ""));
    for (const fault of EVERYTHING) {
      // A silence that the fault asked for ends before the next: the report says so.
      telegram.faults.add({ method: "editMessageText", ...fault });
      const report = await deliver(Phase.FULL, "first", first);
      if ("failed" in report) await quiet(report.failed.retryAfterMs);
      telegram.api.put({ message: `${CODE} ${TOKEN}`, callback_query: CODE });
    }
    telegram.api.say(CHAT, `/start ${CODE} ${TOKEN}`);
    await core.until(() => true);
    telegram.faults.add({ method: "sendMessage", kind: "reset-after" });
    telegram.api.say(CHAT, CODE);
    expect(providerId(await deliver(Phase.FULL, "first", first))).toBe(first);
    expect(telegram.api.open(CHAT).everShown.some((text) => text.includes("907 351"))).toBe(true);
    expect(await bot.stop()).toBe(0);
    core.stop();
    await telegram.stop();
    expect(core.violations).toEqual([]);
    expect(bot.output()).toContain('"event":"not-delivered"');
    expect(bot.output().match(FORBIDDEN)).toBeNull();
  },
  400_000,
);

/** Why it did not start, with everything it printed. */
async function refusal(started: Promise<Child>): Promise<string> {
  return started.then(
    () => "it started",
    (error: Error) => error.message,
  );
}

test.each([
  ["DEBUG", "*"],
  ["NODE_DEBUG", "http,net"],
  ["GRPC_TRACE", "all"],
])("with %s=%s it does not start", async (name, value) => {
  const flags = ["--telegram-token-file", file("telegram", TOKEN), "--core", "127.0.0.1:1", "--plaintext"];
  const started = startChild("bots/telegram/src/main.ts", [...flags, "--token-file", file("core", CORE_TOKEN)], {
    [name]: value,
  });
  const message = await refusal(started);
  expect(message).toContain(`${name} would print codes and tokens`);
  expect(message.match(FORBIDDEN)).toBeNull();
});

test("a token given as an argument is not repeated", async () => {
  const message = await refusal(startChild("bots/telegram/src/main.ts", [TOKEN]));
  expect(message).toContain("ended with 69");
  expect(message.match(FORBIDDEN)).toBeNull();
});
