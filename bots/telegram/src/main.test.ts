import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore } from "@countersign/bot-kit/testing";
import { startChild, tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

const MAIN = "bots/telegram/src/main.ts";
const folder = tempFolder();

function tokenFile(name: string, token: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return path;
}

function flags(core: FakeCore, telegram: FakeBotApi, telegramToken: string = FAKE_TOKEN): string[] {
  return [
    ...["--core", core.address, "--plaintext", "--token-file", tokenFile("core", core.token)],
    ...["--telegram-token-file", tokenFile("telegram", telegramToken), "--api-root", telegram.apiRoot],
  ];
}

test("the process says ready once attached and polling, and ends by SIGTERM without a trace of its tokens", async () => {
  const core = await FakeCore.start();
  const telegram = await FakeBotApi.start();
  const bot = await startChild(MAIN, flags(core, telegram));
  expect(bot.ready).toEqual({ ready: true });
  expect(core.hello?.platform).toBe("telegram");
  expect(telegram.history.map(({ method }) => method)).toContain("getUpdates");
  expect(await bot.stop()).toBe(0);
  await core.until(() => core.hello === undefined);
  expect(bot.output()).not.toContain(core.token);
  expect(bot.output()).not.toContain(FAKE_TOKEN.split(":")[1]);
  core.stop();
  await telegram.stop();
  expect(core.violations).toEqual([]);
});

test("a token that Telegram does not know ends the process with what to do next", async () => {
  const core = await FakeCore.start();
  const telegram = await FakeBotApi.start();
  await expect(startChild(MAIN, flags(core, telegram, "1:other"))).rejects.toThrow(
    /ended with 69 .*write the one from BotFather into --telegram-token-file/s,
  );
  core.stop();
  await telegram.stop();
});

test("a missing flag is named with its meaning", async () => {
  await expect(startChild(MAIN, [])).rejects.toThrow("--telegram-token-file is missing");
});
