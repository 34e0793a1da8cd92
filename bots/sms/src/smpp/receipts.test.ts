import { ChannelError, Secret, silentLog, systemTimer, type FrontDesk } from "@countersign/bot-kit";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SmsChannel } from "../sms-channel.ts";
import { FakeSmsc, SAMPLE_NUMBER, shortMessage, shortOutgoing } from "../testing/index.ts";
import { SmppPlatform } from "./smpp-platform.ts";

let smsc: FakeSmsc;
let channel: SmsChannel;
let lease: AbortController;
let told: unknown[][];
const desk: FrontDesk = {
  said: async () => undefined,
  pressed: async () => undefined,
  gone: async () => undefined,
  mayJoin: async () => false,
  receipt: async (...receipt) => void told.push(receipt),
};
const RETRY_LATER = 0x64;

beforeEach(async () => {
  told = [];
  lease = new AbortController();
  smsc = await FakeSmsc.start();
  const { systemId, password } = smsc.account;
  const account = { host: "127.0.0.1", port: smsc.port, tls: undefined, systemId };
  const platform = new SmppPlatform({
    account: { ...account, password: new Secret("SMPP password", password) },
    sender: { ton: 5, npi: 0, address: "Acme" },
    timer: systemTimer,
    log: silentLog,
  });
  channel = new SmsChannel({ platform, timer: systemTimer, log: silentLog });
  await channel.listen(desk, lease.signal);
});

afterEach(async () => {
  await channel.close();
  await smsc.stop();
  if (smsc.violations.length > 0) throw new Error(smsc.violations.join("; "));
});

const forever = new AbortController().signal;
const ship = async (more: string = "", signal: AbortSignal = forever): Promise<string> =>
  channel.deliver(shortOutgoing({ message: shortMessage(more) }), signal);

test.each([
  ["DELIVRD", true],
  ["UNDELIV", false],
  ["EXPIRED", false],
  ["REJECTD", false],
])("%s is told once, however often the SMSC says it", async (stat, reached) => {
  const id = await ship();
  expect(await smsc.report(id, "ENROUTE")).toBe(0);
  expect(await smsc.report(id, stat)).toBe(0);
  expect(await smsc.report(id, stat)).toBe(0);
  expect(told).toEqual([[expect.stringMatching(/^sms-[0-9a-f]{32}$/), SAMPLE_NUMBER, id, reached]]);
});

test("two parts: told when both are there, under the id that the core was given", async () => {
  const providerId = await ship("x".repeat(100));
  const [first, second] = smsc.store.messages;
  expect(providerId).toBe(`${first?.id},${second?.id}`);
  await smsc.report(String(second?.id), "DELIVRD");
  await smsc.report(String(second?.id), "DELIVRD");
  expect(told).toEqual([]);
  await smsc.report(String(first?.id), "DELIVRD");
  expect(told.map((receipt) => receipt.slice(1))).toEqual([[SAMPLE_NUMBER, providerId, true]]);
});

test("an SMSC that answers in hex and reports in decimal", async () => {
  smsc.store.idBase = 16;
  smsc.manners.mixesIdForms = true;
  const id = await ship();
  await smsc.report(id, "DELIVRD");
  expect(told[0]?.slice(1)).toEqual([SAMPLE_NUMBER, id, true]);
});

test("a report that overtakes the answer waits for the message to be accepted", async () => {
  smsc.store.idBase = 16;
  smsc.manners.mixesIdForms = true;
  smsc.manners.holdsAnswers = true;
  const shipping = ship();
  await smsc.until(() => smsc.sessions[0]?.held === 1);
  const reporting = smsc.report(String(smsc.store.messages[0]?.id), "DELIVRD");
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  smsc.sessions[0]?.answerNext();
  expect(await reporting).toBe(0);
  expect(told[0]?.slice(1)).toEqual([SAMPLE_NUMBER, await shipping, true]);
});

test("the acceptance is reported to the core before the receipt, even if both come in one packet", async () => {
  smsc.manners.reports = true;
  smsc.manners.reportsFirst = true;
  await ship();
  // As many steps as the kit takes from here to the core, and more.
  for (let step = 0; step < 50; step += 1) await Promise.resolve();
  expect(told).toEqual([]);
  while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
});

test("a late report, and one of a message that nobody answered for, is told by what it says itself", async () => {
  smsc.faults.add({ kind: "no-answer" });
  const deadline = new AbortController();
  const shipped = ship("", deadline.signal);
  await smsc.until(() => smsc.store.messages.length === 1);
  deadline.abort();
  await expect(shipped).rejects.toThrow(ChannelError);
  const { id } = smsc.store.messages[0] ?? { id: "" };
  expect(await smsc.report(id, "DELIVRD")).toBe(0);
  expect(told[0]?.slice(1)).toEqual([SAMPLE_NUMBER, id, true]);
});

test("with the lease the bind goes; what the core has not taken by then is to be repeated", async () => {
  const slow = new AbortController();
  lease.abort();
  await smsc.until(() => smsc.sessions.length === 0);
  const asked = Promise.withResolvers<void>();
  const receipt = async (): Promise<never> => {
    asked.resolve();
    return new Promise(() => undefined);
  };
  await channel.listen({ ...desk, receipt }, slow.signal);
  const id = await ship();
  const reporting = smsc.report(id, "DELIVRD");
  await asked.promise;
  slow.abort();
  expect(await reporting).toBe(RETRY_LATER);
  await smsc.until(() => smsc.sessions.length === 0);
  const next = new AbortController();
  await channel.listen(desk, next.signal);
  expect(await smsc.report(id, "DELIVRD")).toBe(0);
  expect(told).toHaveLength(1);
});

test("what a person writes to the sender is answered and goes nowhere", async () => {
  const text = "yes, approve";
  const body = [0, 1, 1, ...Buffer.from("4915112345678\0"), 5, 0, ...Buffer.from("Acme\0"), 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const whole = Uint8Array.from([...body, text.length, ...Buffer.from(text)]);
  expect(await smsc.sessions[0]?.ask(0x05, whole)).toBe(0);
  expect(told).toEqual([]);
});

test("a receipt that comes as data_sm, by optional parameters alone", async () => {
  const id = await ship();
  const named = [0x00, 0x1e, 0, id.length + 1, ...Buffer.from(`${id}\0`)];
  const head = [0, 1, 1, ...Buffer.from("4915112345678\0"), 5, 0, ...Buffer.from("Acme\0"), 4, 0, 0];
  const body = Uint8Array.from([...head, ...named, 0x04, 0x27, 0, 1, 2]);
  expect(await smsc.sessions[0]?.ask(0x103, body)).toBe(0);
  expect(told[0]?.slice(1)).toEqual([SAMPLE_NUMBER, id, true]);
});
