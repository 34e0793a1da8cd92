import { readFileSync } from "node:fs";
import { revealText, Secret, silentLog, systemTimer, type FrontDesk } from "@countersign/bot-kit";
import { freePort, testWith } from "@countersign/testing";
import { kannelPresent, startKannel, type Kannel } from "@countersign/testing/sms";
import { afterAll, beforeAll, beforeEach, expect } from "@jest/globals";
import { SmsChannel } from "../sms-channel.ts";
import { FakeSmsc, SAMPLE_NUMBER, SAMPLE_SHORT_CODE, shortMessage, shortOutgoing } from "../testing/index.ts";
import { GatewayPlatform } from "./gateway-platform.ts";
import { readTemplate } from "./template.ts";

const peerTest = testWith("kannel", kannelPresent);
const TEMPLATE = readFileSync(new URL("../../templates/kannel.json", import.meta.url), "utf8");
let smsc: FakeSmsc;
let kannel: Kannel;
let channel: SmsChannel;
let told: unknown[][] = [];
let wake: () => void = () => undefined;
const desk: FrontDesk = {
  said: async () => undefined,
  pressed: async () => undefined,
  gone: async () => undefined,
  mayJoin: async () => false,
  receipt: async (...receipt) => {
    told.push(receipt);
    wake();
  },
};

let listenPort = 0;

function channelTo(password: string, port: number = 0): SmsChannel {
  const platform = new GatewayPlatform({
    template: readTemplate(TEMPLATE.replace("13013", String(kannel.port))),
    secrets: new Map([
      ["kannel-user", new Secret("user", kannel.user)],
      ["kannel-password", new Secret("password", password)],
    ]),
    sender: "Acme",
    receipts: {
      listen: { host: "127.0.0.1", port },
      url: undefined,
      secret: new Secret("receipt path", "path-secret-of-the-test"),
    },
    timer: systemTimer,
    log: silentLog,
  });
  return new SmsChannel({ platform, timer: systemTimer, log: silentLog });
}

// One Kannel for the file: it needs about two seconds to start.
beforeAll(async () => {
  if (!kannelPresent) return;
  smsc = await FakeSmsc.start();
  kannel = await startKannel({
    smscPort: smsc.port,
    systemId: smsc.account.systemId,
    smscPassword: smsc.account.password,
  });
  listenPort = await freePort();
  channel = channelTo(kannel.password, listenPort);
  await channel.listen(desk, new AbortController().signal);
}, 400_000);

afterAll(async () => {
  if (!kannelPresent) return;
  await channel.close();
  await kannel.stop();
  await smsc.stop();
}, 400_000);

beforeEach(() => {
  told = [];
});

const phone = (): string[] => smsc.phones.at(SAMPLE_NUMBER).messages.map(({ text }) => text);

async function ship(more: string = "", notAfter?: Date): Promise<string> {
  const before = phone().length;
  const message = shortMessage(more);
  const deliveryId = `kannel/${before}/${more.length}`;
  const id = await channel.deliver(shortOutgoing({ message, notAfter, deliveryId }), AbortSignal.timeout(60_000));
  await smsc.until(() => phone().length > before);
  return id;
}

async function toldOnce(): Promise<void> {
  while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
}

peerTest(
  "Kannel takes the request and the phone shows the text, byte for byte",
  async () => {
    const texts = ["", "ÄÖÜ €[]{}~^|\\ @$_ ΔΦΓ §£¥ %s %d &to=+1 #x", "Ж王م😀", "x".repeat(100), "Ж".repeat(25)];
    for (const more of texts) await ship(more);
    expect(phone()).toEqual(texts.map((more) => revealText(shortMessage(more))));
    const codings = smsc.store.messages.map(({ submitted }) => submitted.dataCoding);
    expect(codings).toEqual([0, 0, 8, 8, 0, 0, 8, 8]);
  },
  400_000,
);

peerTest("the validity that Kannel tells the SMSC is never later than notAfter", async () => {
  const notAfter = new Date(Date.now() + 150_000);
  await ship("v", notAfter);
  const end = smsc.store.messages.at(-1)?.notAfter?.getTime() ?? Infinity;
  expect(end).toBeLessThanOrEqual(notAfter.getTime());
  // Whole minutes, and a second cut off by Kannel.
  expect(end).toBeGreaterThan(notAfter.getTime() - 61_000);
});

for (const [stat, reached] of [
  ["DELIVRD", true],
  ["UNDELIV", false],
] as const) {
  peerTest(
    `the SMSC's ${stat} comes back through Kannel's webhook as a receipt`,
    async () => {
      const id = await ship(stat);
      await smsc.report(String(smsc.store.messages.at(-1)?.id), stat);
      await toldOnce();
      expect(told.map((receipt) => receipt.slice(1))).toEqual([[SAMPLE_NUMBER, id, reached]]);
    },
    400_000,
  );
}

peerTest(
  "a number that the SMSC refuses comes back as one that will never be reached",
  async () => {
    smsc.faults.add({ kind: "status", status: 0x0b });
    const id = await channel.deliver(shortOutgoing({ deliveryId: "kannel/refused" }), AbortSignal.timeout(60_000));
    await toldOnce();
    expect(told.map((receipt) => receipt.slice(1))).toEqual([[SAMPLE_NUMBER, id, false]]);
  },
  400_000,
);

peerTest("a wrong password is certainly not sent, and Kannel's words stay with Kannel", async () => {
  const before = smsc.store.messages.length;
  const refused = channelTo("other").deliver(shortOutgoing(), AbortSignal.timeout(60_000));
  const error = await refused.then(String, (failure: Error) => failure);
  expect(error).toMatchObject({ fate: "not-sent", detail: "http-403" });
  expect(String(error)).not.toContain(SAMPLE_SHORT_CODE);
  expect(smsc.store.messages).toHaveLength(before);
});

peerTest("at the log level that the how-to names, Kannel's own log holds no text and no number", async () => {
  await ship("log");
  expect(kannel.output()).not.toContain(SAMPLE_SHORT_CODE);
  expect(kannel.output()).not.toContain(SAMPLE_NUMBER.slice(1));
});

peerTest(
  "a receipt of a message that an earlier process sent still comes to its phone",
  async () => {
    const ref = await ship("earlier");
    const listening = new AbortController();
    await channel.close();
    channel = channelTo(kannel.password, listenPort);
    await channel.listen(desk, listening.signal);
    await smsc.report(String(smsc.store.messages.at(-1)?.id), "DELIVRD");
    await toldOnce();
    expect(told.map((receipt) => receipt.slice(1))).toEqual([[SAMPLE_NUMBER, ref, true]]);
  },
  400_000,
);
