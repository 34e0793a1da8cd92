import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore, Phase, sampleDeliver } from "@countersign/bot-kit/testing";
import { startChild, tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { FakeSmtp, type FakeSmtpOptions } from "./testing/index.ts";

const MAIN = "bots/mail/src/main.ts";
const ADDRESS = "erika@test.example";
const PASSWORD = "password-of-the-bot";
const folder = tempFolder();

function secretFile(name: string, secret: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return path;
}

function flags(core: FakeCore, smtp: FakeSmtp, more: readonly string[] = []): string[] {
  return [
    ...["--core", core.address, "--plaintext", "--token-file", secretFile("core", core.token)],
    ...["--smtp", smtp.address, "--smtp-tls", "none", "--from", "Acme Bank <confirm@bank.example>", ...more],
  ];
}

async function world(options: FakeSmtpOptions = {}): Promise<{ core: FakeCore; smtp: FakeSmtp }> {
  const [core, smtp] = await Promise.all([FakeCore.start(), FakeSmtp.start(options)]);
  smtp.open(ADDRESS);
  return { core, smtp };
}

test("the process says ready once attached, carries a prompt, and ends by SIGTERM without a trace of its secrets", async () => {
  const { core, smtp } = await world({ login: { user: "bot", password: PASSWORD } });
  const credentials = ["--smtp-user", "bot", "--smtp-password-file", secretFile("password", PASSWORD)];
  const bot = await startChild(MAIN, flags(core, smtp, credentials));
  expect(bot.ready).toEqual({ ready: true });
  expect(core.hello).toMatchObject({ platform: "mail", deepLink: "" });
  const report = await core.deliver(sampleDeliver(Phase.FULL, { peerId: ADDRESS, notAfter: undefined }));
  const providerId = smtp.open(ADDRESS).mails[0]?.messageId;
  expect(report).toMatchObject({ sent: { providerId } });
  expect(await bot.stop()).toBe(0);
  await core.until(() => core.hello === undefined);
  for (const secret of [core.token, PASSWORD, ADDRESS, "teapot"]) expect(bot.output()).not.toContain(secret);
  core.stop();
  await smtp.stop();
  expect([...core.violations, ...smtp.violations]).toEqual([]);
});

test("credentials that the server refuses end the process with what to do", async () => {
  const { core, smtp } = await world({ login: { user: "bot", password: PASSWORD } });
  const credentials = ["--smtp-user", "bot", "--smtp-password-file", secretFile("wrong", "wrong-password")];
  const refused = await startChild(MAIN, flags(core, smtp, credentials)).catch((error: unknown) => String(error));
  expect(refused).toMatch(/ended with 69 .*check --smtp-user and the file of --smtp-password-file/s);
  expect(refused).not.toContain("wrong-password");
  core.stop();
  await smtp.stop();
});

test("a missing flag is named with its meaning", async () => {
  await expect(startChild(MAIN, [])).rejects.toThrow("--smtp is missing: host:port of the mail server");
  await expect(startChild(MAIN, ["--smtp", "127.0.0.1:25"])).rejects.toThrow("--from is missing");
});
