import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  FakeCore,
  NoticeType,
  Phase,
  Mode,
  sampleDeliver,
  sampleNotice,
  type Report,
} from "@countersign/bot-kit/testing";
import { startChild, tempFolder, type Child } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FAKE_GATEWAY_KEY, FakeGateway, FakeSmsc, SAMPLE_NUMBER } from "./testing/index.ts";

const MAIN = "bots/sms/src/main.ts";
const CODE = "739206";
const folder = tempFolder();
let core: FakeCore;
let smsc: FakeSmsc;
let gateway: FakeGateway;

beforeEach(async () => {
  core = await FakeCore.start();
  smsc = await FakeSmsc.start();
  gateway = await FakeGateway.start();
});

afterEach(async () => {
  core.stop();
  await smsc.stop();
  await gateway.stop();
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${content}\n`, { mode: 0o600 });
  return path;
}

const coreFlags = (): string[] => ["--core", core.address, "--plaintext", "--token-file", file("core", core.token)];

function smppFlags(password: string = smsc.account.password): string[] {
  return [
    ...coreFlags(),
    ...["--driver", "smpp", "--smpp", `127.0.0.1:${smsc.port}`, "--system-id", smsc.account.systemId],
    ...["--smpp-password-file", file("smpp", password), "--sender", "Acme"],
  ];
}

function httpFlags(): string[] {
  return [
    ...coreFlags(),
    ...["--driver", "http", "--gateway-file", file("gateway.json", gateway.template()), "--sender", "Acme"],
    ...["--secret", `key=${file("key", FAKE_GATEWAY_KEY)}`, "--receipt-listen", "127.0.0.1:0"],
  ];
}

async function show(id: string, phase: Phase, more: object = {}): Promise<Report> {
  const notice = phase === Phase.OUTCOME ? { notice: sampleNotice(NoticeType.EXECUTED) } : {};
  return core.deliver(
    sampleDeliver(phase, {
      ...{ peerId: SAMPLE_NUMBER, deliveryId: id, mode: Mode.A, notAfter: undefined },
      ...(phase === Phase.FULL ? { code: CODE } : {}),
      ...notice,
      ...more,
    }),
  );
}

const withoutGaps = (text: string): string => text.replaceAll(" ", "");

async function scan(bot: Child): Promise<void> {
  expect(await bot.stop()).toBe(0);
  const output = withoutGaps(bot.output());
  expect(output).toContain('"event":"delivered"');
  for (const hidden of [CODE, SAMPLE_NUMBER.slice(1), "AMBER", "teapot", "Acme", core.token, FAKE_GATEWAY_KEY]) {
    expect(output).not.toContain(hidden);
  }
  expect(output).not.toContain(smsc.account.password);
  expect(core.violations).toEqual([]);
}

test("over SMPP: ready, code, outcome, a failure and a receipt, and not a word of it in the log", async () => {
  smsc.manners.reports = true;
  const bot = await startChild(MAIN, smppFlags());
  expect(bot.ready).toEqual({ ready: true });
  expect(core.hello).toMatchObject({ platform: "sms", deepLink: "" });
  const report = await show("tx/1", Phase.FULL);
  expect(report).toMatchObject({ sent: { providerId: smsc.store.messages[0]?.id } });
  await core.until(() => core.events.length === 1);
  expect(core.events[0]).toMatchObject({
    $case: "deliveryReceipt",
    value: { peerId: SAMPLE_NUMBER, providerId: smsc.store.messages[0]?.id, reached: true },
  });
  expect(await show("tx/2", Phase.OUTCOME)).toHaveProperty("sent");
  smsc.faults.add({ kind: "reset-after" });
  expect(await show("tx/3", Phase.FULL)).toHaveProperty("failed");
  const { messages } = smsc.phones.at(SAMPLE_NUMBER);
  expect(withoutGaps(messages[0]?.text ?? "").split(CODE)).toHaveLength(2);
  expect(withoutGaps(messages[1]?.text ?? "")).not.toContain(CODE);
  await scan(bot);
  expect(smsc.violations).toEqual([]);
}, 400_000);

test("over a gateway: the same", async () => {
  const bot = await startChild(MAIN, httpFlags());
  expect(await show("tx/1", Phase.FULL)).toMatchObject({ sent: { providerId: "m-1" } });
  const [posted] = gateway.posted;
  if (posted === undefined) throw new Error("nothing was posted");
  expect(await gateway.report(posted, "failed")).toBe(200);
  await core.until(() => core.events.length === 1);
  expect(core.events[0]).toMatchObject({ $case: "deliveryReceipt", value: { providerId: "m-1", reached: false } });
  gateway.faults.push({ kind: "status", status: 500, body: `no ${SAMPLE_NUMBER} ${CODE}` });
  expect(await show("tx/2", Phase.FULL)).toHaveProperty("failed");
  await scan(bot);
  expect(gateway.violations).toEqual([]);
}, 400_000);

test.each<[string, "no-answer" | "swallow"]>([
  ["after the SMSC took the message", "no-answer"],
  ["before the SMSC took the message", "swallow"],
])(
  "kill point: SIGKILL %s, and repeated by the next process: the same code at most twice",
  async (_when, kind) => {
    const first = await startChild(MAIN, smppFlags());
    smsc.faults.add({ kind });
    const lost = show("tx/1", Phase.FULL).catch(() => undefined);
    while (smsc.faults.pending > 0) await new Promise((resolve) => setImmediate(resolve));
    await first.stop("SIGKILL");
    await core.until(() => core.hello === undefined);
    expect(await lost).toBeUndefined();
    const second = await startChild(MAIN, smppFlags());
    expect(await show("tx/1", Phase.FULL)).toHaveProperty("sent");
    await scan(second);
    const texts = smsc.phones.at(SAMPLE_NUMBER).messages.map(({ text }) => text);
    expect(texts).toHaveLength(kind === "no-answer" ? 2 : 1);
    expect(new Set(texts).size).toBe(1);
  },
  400_000,
);

test.each<[string, "no-answer" | "swallow"]>([
  ["after the gateway took the message", "no-answer"],
  ["before the gateway took the message", "swallow"],
])(
  "kill point: SIGKILL %s, and repeated by the next process: the same code at most twice",
  async (_when, kind) => {
    const first = await startChild(MAIN, httpFlags());
    gateway.faults.push({ kind });
    const lost = show("tx/1", Phase.FULL).catch(() => undefined);
    await gateway.until(() => gateway.requests === 1);
    await first.stop("SIGKILL");
    await core.until(() => core.hello === undefined);
    expect(await lost).toBeUndefined();
    const second = await startChild(MAIN, httpFlags());
    expect(await show("tx/1", Phase.FULL)).toHaveProperty("sent");
    await scan(second);
    const texts = gateway.phones.at(SAMPLE_NUMBER).messages.map(({ text }) => text);
    expect(texts).toHaveLength(kind === "no-answer" ? 2 : 1);
    expect(new Set(texts).size).toBe(1);
  },
  400_000,
);

test("an account that the SMSC does not know ends the process with what to do next", async () => {
  await expect(startChild(MAIN, smppFlags("other"))).rejects.toThrow(
    /ended with 69 .*check --system-id and --smpp-password-file/s,
  );
});

test.each<[string, string[], string]>([
  ["no driver", [], "--driver: one of http, smpp"],
  ["no gateway", ["--driver", "http"], "--gateway-file is missing"],
  ["no SMSC", ["--driver", "smpp"], "--smpp is missing"],
  ["SMPP in clear", ["--driver", "smpp", "--smpp", "smsc.example:2775"], "without --smpp-tls"],
  ["a sender that is none", ["--driver", "http", "--gateway-file", "x", "--sender", "!"], "--sender"],
])("%s is named with its meaning", async (_what, flags, because) => {
  await expect(startChild(MAIN, flags)).rejects.toThrow(because);
});
