import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore } from "@countersign/bot-kit/testing";
import { startChild, tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";

const folder = tempFolder();

test("the process says where the phone is, tells the core its link, and ends by SIGTERM", async () => {
  const core = await FakeCore.start();
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, core.token, { mode: 0o600 });
  const flags = ["--core", core.address, "--plaintext", "--token-file", tokenFile, "--listen", "127.0.0.1:0"];
  const bot = await startChild("bots/sandbox/src/main.ts", flags);
  expect(bot.ready).toEqual({ ready: true, phone: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
  const phone = String(bot.ready["phone"]);
  expect(core.hello).toMatchObject({ platform: "sandbox", deepLink: `${phone}/?start={token}` });
  expect((await fetch(phone)).headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await bot.stop()).toBe(0);
  core.stop();
  expect(core.violations).toEqual([]);
});

test("the phone shows codes, so it stays on this machine", async () => {
  const flags = ["--core", "127.0.0.1:1", "--plaintext", "--token-file", "x", "--listen", "0.0.0.0:0"];
  await expect(startChild("bots/sandbox/src/main.ts", flags)).rejects.toThrow("stays on 127.0.0.1");
});
