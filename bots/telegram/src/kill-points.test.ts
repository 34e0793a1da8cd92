import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore, Phase, SAMPLE_CODE, sampleDeliver, type Report } from "@countersign/bot-kit/testing";
import { startChild, tempFolder, type Child } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FAKE_TOKEN, FakeBotApi, type Fault } from "./testing/index.ts";

const CHAT = 4242;
const folder = tempFolder();
let core: FakeCore;
let telegram: FakeBotApi;
let output: string;

async function startBot(): Promise<Child> {
  const [coreFile, telegramFile] = [join(folder, "core"), join(folder, "telegram")];
  writeFileSync(coreFile, core.token, { mode: 0o600 });
  writeFileSync(telegramFile, FAKE_TOKEN, { mode: 0o600 });
  return startChild("bots/telegram/src/main.ts", [
    ...["--core", core.address, "--plaintext", "--token-file", coreFile],
    ...["--telegram-token-file", telegramFile, "--api-root", telegram.apiRoot, "--zone", "Europe/Berlin"],
  ]);
}

/** The same Deliver as before the crash, as the core repeats it; ids of the provider as far as the core knows them. */
async function repeated(phase: Phase, providerId: string): Promise<Report> {
  return core.deliver(sampleDeliver(phase, { peerId: String(CHAT), providerId, notAfter: undefined }));
}

async function killed(bot: Child): Promise<void> {
  await bot.stop("SIGKILL");
  output += bot.output();
  await core.until(() => core.hello === undefined);
}

beforeEach(async () => {
  core = await FakeCore.start();
  telegram = await FakeBotApi.start();
  telegram.api.open(CHAT);
  output = "";
});

afterEach(async () => {
  core.stop();
  await telegram.stop();
});

const providerIdOf = (report: Report): string => ("sent" in report ? report.sent.providerId : "");
const history = (method: string): number => telegram.history.filter((call) => call.method === method).length;

test.each<[string, Phase, Fault]>([
  ["before Telegram took the notice", Phase.NOTICE, { method: "sendMessage", kind: "before" }],
  ["after Telegram took the notice", Phase.NOTICE, { method: "sendMessage", kind: "after" }],
  ["before Telegram took the edit", Phase.FULL, { method: "editMessageText", kind: "before" }],
  ["after Telegram took the edit", Phase.FULL, { method: "editMessageText", kind: "after" }],
])(
  "kill point: SIGKILL %s: the next process shows exactly one code, and neither wrote it anywhere else",
  async (_when, phase, fault) => {
    const first = await startBot();
    const id = phase === Phase.FULL ? providerIdOf(await repeated(Phase.NOTICE, "")) : "";
    telegram.faults.add(fault);
    const calls = history(fault.method);
    const lost = repeated(phase, id).catch(() => undefined);
    while (history(fault.method) === calls) await new Promise((resolve) => setImmediate(resolve));
    await killed(first);
    expect(await lost).toBeUndefined();

    const second = await startBot();
    const shown = phase === Phase.FULL ? id : providerIdOf(await repeated(Phase.NOTICE, ""));
    expect(providerIdOf(await repeated(Phase.FULL, shown))).toBe(shown);
    expect(await second.stop()).toBe(0);
    output += second.output();

    const texts = telegram.api
      .open(CHAT)
      .view()
      .messages.map(({ text }) => text.replaceAll(" ", ""));
    expect(texts.filter((text) => text.includes(SAMPLE_CODE))).toHaveLength(1);
    expect(output.replaceAll(" ", "")).not.toMatch(new RegExp(`${SAMPLE_CODE}|teapot|AMBER|test-token|${core.token}`));
    expect(output).toContain('"event":"delivered"');
    expect(core.violations).toEqual([]);
  },
  20_000,
);
