import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore, Phase, sampleDeliver, type Report } from "@countersign/bot-kit/testing";
import { type Child, freePort, startChild, tempFolder } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

const CHAT = 4242;
const LEASE_MS = 60_000;
const folder = tempFolder();
let core: FakeCore;
let telegram: FakeBotApi;

beforeEach(async () => {
  core = await FakeCore.start({ leaseMs: LEASE_MS });
  telegram = await FakeBotApi.start();
  telegram.api.open(CHAT);
});

afterEach(async () => {
  core.stop();
  await telegram.stop();
});

async function startBot(webhookPort: number | undefined): Promise<Child> {
  const [coreFile, telegramFile] = [join(folder, "core"), join(folder, "telegram")];
  writeFileSync(coreFile, core.token, { mode: 0o600 });
  writeFileSync(telegramFile, FAKE_TOKEN, { mode: 0o600 });
  const address = `127.0.0.1:${webhookPort}`;
  const webhook = ["--webhook-listen", address, "--webhook-url", `http://${address}/hook`];
  return startChild("bots/telegram/src/main.ts", [
    ...["--core", core.address, "--plaintext", "--token-file", coreFile],
    ...["--telegram-token-file", telegramFile, "--api-root", telegram.apiRoot],
    ...(webhookPort === undefined ? [] : webhook),
  ]);
}

const notice = async (id: string): Promise<Report> =>
  core.deliver(sampleDeliver(Phase.NOTICE, { peerId: String(CHAT), deliveryId: id, notAfter: undefined }));
const calls = (method: string): number => telegram.history.filter((call) => call.method === method).length;

test.each(["polling", "webhook"])(
  "a standby (%s) of the same identity disturbs nothing, and takes over within the lease after SIGKILL; no word is lost",
  async (mode) => {
    const ports = mode === "webhook" ? [await freePort(), await freePort()] : [];
    const first = await startBot(ports[0]);
    // Is ready when it holds the lease; until then it has only introduced itself.
    const standby = startBot(ports[1]);
    while (calls("getMe") < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await notice("one")).toHaveProperty("sent");
    telegram.api.say(CHAT, "/status");
    await core.until(() => core.events.length === 1);
    expect(telegram.history.filter(({ status }) => status === 409)).toEqual([]);
    expect(telegram.api.webhook.registrations).toHaveLength(ports.length / 2);

    await first.stop("SIGKILL");
    const killedAt = performance.now();
    telegram.api.say(CHAT, "/freeze");
    const second = await standby;
    expect(await notice("two")).toHaveProperty("sent");
    // The first command may come again, under its own id; the second must come.
    await core.until(() => new Set(core.events.map(({ value }) => value.eventId)).size === 2);
    expect(performance.now() - killedAt).toBeLessThan(LEASE_MS);
    expect(core.fence).toBe(2n);
    expect(telegram.api.webhook.url).toBe(mode === "webhook" ? `http://127.0.0.1:${ports[1]}/hook` : undefined);
    expect(await second.stop()).toBe(0);
    expect(core.violations).toEqual([]);
  },
  400_000,
);

test.each(["polling", "webhook"])(
  "kill point: SIGKILL (%s) while the core has not answered a veto: the next process hands it in under the same id",
  async (mode) => {
    const ports = mode === "webhook" ? [await freePort(), await freePort()] : [];
    const first = await startBot(ports[0]);
    const report = await core.deliver(sampleDeliver(Phase.NOTICE, { peerId: String(CHAT), notAfter: undefined }));
    const providerId = "sent" in report ? report.sent.providerId : "";
    await core.deliver(sampleDeliver(Phase.FULL, { peerId: String(CHAT), providerId, notAfter: undefined }));
    core.answerWith(() => undefined);
    telegram.api.press(CHAT, Number(providerId), "0.0");
    await core.until(() => core.events.length === 1);
    await first.stop("SIGKILL");
    const [before] = core.events.splice(0);

    core.answerWith(() => ({ type: 1 }));
    const second = await startBot(ports[1]);
    await core.until(() => core.events.length === 1);
    expect(before?.$case).toBe("veto");
    expect(core.events[0]?.value.eventId).toBe(before?.value.eventId);
    const chat = telegram.api.open(CHAT);
    while (chat.popUps.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    while (telegram.api.queue.waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await second.stop()).toBe(0);
    expect(core.violations).toEqual([]);
  },
  400_000,
);
