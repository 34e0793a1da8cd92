import {
  ChannelError,
  revealText,
  Secret,
  silentLog,
  systemTimer,
  type FrontDesk,
  type Outgoing,
} from "@countersign/bot-kit";
import { ManualTimer, testChannelContract } from "@countersign/bot-kit/testing";
import { freePort } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SmsChannel } from "../sms-channel.ts";
import { CompactChannel } from "../testing/compact-channel.ts";
import {
  FakeSmsc,
  SAMPLE_NUMBER,
  SAMPLE_SHORT_CODE,
  shortMessage,
  shortOutgoing,
  type SmscFault,
} from "../testing/index.ts";
import { SmppPlatform } from "./smpp-platform.ts";

const forever = new AbortController().signal;
const NO_DESK: FrontDesk = {
  said: async () => undefined,
  pressed: async () => undefined,
  gone: async () => undefined,
  mayJoin: async () => false,
  receipt: async () => undefined,
};
const NOBODY = "+999000000000";
type More = Partial<ConstructorParameters<typeof SmppPlatform>[0]>;

function channelTo(smsc: Pick<FakeSmsc, "port" | "account">, more: More = {}): SmsChannel {
  const { port, account } = smsc;
  const password = new Secret("SMPP password", account.password);
  const platform = new SmppPlatform({
    account: { host: "127.0.0.1", port, tls: undefined, systemId: account.systemId, password },
    sender: { ton: 5, npi: 0, address: "Acme" },
    timer: systemTimer,
    log: silentLog,
    ...more,
  });
  return new SmsChannel({ platform, timer: systemTimer, log: silentLog });
}

testChannelContract("sms over SMPP", async () => {
  // The sample's moments are near to where this timer begins.
  const timer = new ManualTimer();
  const smsc = await FakeSmsc.start({ now: () => timer.now() });
  smsc.store.nobody.add(NOBODY);
  const channel = new CompactChannel(channelTo(smsc, { timer }));
  const phone = smsc.phones.at(SAMPLE_NUMBER);
  return {
    channel,
    peerId: SAMPLE_NUMBER,
    unknownPeerId: NOBODY,
    traits: { twoPhase: false, deduplicates: false, cleansUp: false, hears: false },
    seen: async () => phone.messages.map(({ id, text }) => ({ id, text, buttons: [] })),
    everWritten: async () => smsc.store.messages.map(({ submitted }) => submitted.text),
    say: async () => undefined,
    press: async () => undefined,
    close: async () => {
      await channel.close();
      await smsc.stop();
      if (smsc.violations.length > 0) throw new Error(smsc.violations.join("; "));
    },
  };
});

let smsc: FakeSmsc;
let channel: SmsChannel;

beforeEach(async () => {
  smsc = await FakeSmsc.start();
  channel = channelTo(smsc);
});

afterEach(async () => {
  await channel.close();
  await smsc.stop();
});

async function ship(
  more: Partial<Outgoing> = {},
  deadline = AbortSignal.timeout(60_000),
): Promise<string | ChannelError> {
  try {
    return await channel.deliver(shortOutgoing(more), deadline);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return error;
  }
}

/** Where this fault leaves a message without an answer, its deadline passes once the SMSC has it. */
async function shipInto({ kind }: SmscFault): Promise<string | ChannelError> {
  const deadline = new AbortController();
  const shipped = ship({}, deadline.signal);
  if (kind === "swallow" || kind === "no-answer") {
    await smsc.until(() => smsc.submissions === 1);
    deadline.abort();
  }
  return shipped;
}

const late = (): never => {
  throw new ChannelError({ fate: "not-sent", detail: "late" });
};
const seen = (): string[] => smsc.phones.at(SAMPLE_NUMBER).messages.map(({ text }) => text);

test.each<[string, SmscFault, object, number]>([
  ["throttled", { kind: "status", status: 0x58 }, { fate: "not-sent", detail: "smpp-88", retryAfterMs: 1_000 }, 0],
  ["queue full", { kind: "status", status: 0x14 }, { fate: "not-sent", detail: "smpp-20", retryAfterMs: 1_000 }, 0],
  [
    "no such number",
    { kind: "status", status: 0x0b },
    { fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER", detail: "smpp-11" },
    0,
  ],
  ["our expiry refused", { kind: "status", status: 0x62 }, { fate: "not-sent", detail: "smpp-98" }, 0],
  ["a vendor's status", { kind: "status", status: 0x4a1 }, { fate: "not-sent", detail: "smpp-1185" }, 0],
  ["a system error", { kind: "status", status: 0x08 }, { fate: "unknown", detail: "smpp-8" }, 0],
  ["generic_nack", { kind: "nack", status: 0x03 }, { fate: "not-sent", detail: "smpp-3" }, 0],
  ["generic_nack of success", { kind: "nack", status: 0 }, { fate: "unknown", detail: "malformed-answer" }, 0],
  ["a black hole", { kind: "swallow" }, { fate: "unknown", detail: "timeout" }, 0],
  ["no answer after accept", { kind: "no-answer" }, { fate: "unknown", detail: "timeout" }, 1],
  ["a reset before", { kind: "reset-before" }, { fate: "unknown", detail: "reset" }, 0],
  ["a reset after accept", { kind: "reset-after" }, { fate: "unknown", detail: "reset" }, 1],
  ["garbage after accept", { kind: "garbage" }, { fate: "unknown", detail: "reset" }, 1],
])("%s is put into its class, and nothing of the message is in the error", async (_what, fault, expected, phones) => {
  smsc.faults.add(fault);
  const error = await shipInto(fault);
  expect(error).toBeInstanceOf(ChannelError);
  expect(error).toMatchObject(expected);
  expect(seen()).toHaveLength(phones);
  const everything = [...Object.getOwnPropertyNames(error), "stack"].map((name) =>
    String(Reflect.get(Object(error), name)),
  );
  for (const hidden of [SAMPLE_SHORT_CODE, "TIGER", SAMPLE_NUMBER.slice(1), smsc.account.password]) {
    expect(everything.join("\n")).not.toContain(hidden);
  }
  expect(error).not.toHaveProperty("cause");
});

test("accepted without an id is accepted, under an id of ours", async () => {
  smsc.faults.add({ kind: "no-id" });
  expect(await ship()).toMatch(/^[0-9a-f]{24}$/);
  expect(seen()).toHaveLength(1);
});

test("an SMSC that is not there, and one that refuses the bind: certainly not sent", async () => {
  smsc.refuseBindWith = 0x0d;
  expect(await ship()).toMatchObject({ fate: "not-sent", detail: "smpp-13" });
  await channel.close();
  channel = channelTo({ port: await freePort(), account: smsc.account });
  expect(await ship()).toMatchObject({ fate: "not-sent", detail: "connect" });
});

test.each<SmscFault["kind"]>(["no-answer", "reset-after", "garbage", "swallow", "reset-before"])(
  "check 14: %s, and repeated once as the core would: the phone has the code at most twice",
  async (kind) => {
    smsc.faults.add({ kind });
    expect(await shipInto({ kind })).toMatchObject({ fate: "unknown" });
    // The core waits before it repeats; by then a broken connection is back.
    const broken = /reset|garbage/.test(kind);
    await smsc.until(() => smsc.sessions.length === 1 && smsc.connections === (broken ? 2 : 1));
    await channel.listen(NO_DESK, forever);
    expect(typeof (await ship())).toBe("string");
    expect(seen().length).toBeGreaterThanOrEqual(1);
    expect(seen().length).toBeLessThanOrEqual(2);
    expect(new Set(seen()).size).toBe(1);
  },
);

test("what leaves: validity, receipt, sender, alphabet, and the place of an older one only for a code in one part", async () => {
  await channel.close();
  await smsc.stop();
  const now = new Date();
  smsc = await FakeSmsc.start({ now: () => now });
  channel = channelTo(smsc, { timer: { ...systemTimer, now: () => now } });
  const notAfter = new Date(now.getTime() + 60_000);
  await ship({ notAfter });
  await ship({ notAfter, phase: "outcome" });
  await ship({ notAfter, message: shortMessage("Ж".repeat(20)) });
  const [code, outcome, parted] = smsc.store.messages;
  expect(code?.submitted).toMatchObject({
    source: { ton: 5, npi: 0, address: "Acme" },
    to: SAMPLE_NUMBER,
    registeredDelivery: 1,
    replaceIfPresent: 1,
    dataCoding: 0,
    esmClass: 0,
  });
  const early = notAfter.getTime() - (code?.notAfter?.getTime() ?? 0);
  expect(early).toBeGreaterThanOrEqual(0);
  expect(early).toBeLessThan(100);
  expect(outcome?.submitted.replaceIfPresent).toBe(0);
  expect(parted?.submitted).toMatchObject({ replaceIfPresent: 0, dataCoding: 8, esmClass: 0x40, part: { of: 2 } });
  expect(smsc.violations).toEqual([]);
});

test.each(["udh", "sar"] as const)(
  "two parts joined by %s: the phone's text is the message's, byte for byte",
  async (joining) => {
    await channel.close();
    channel = channelTo(smsc, { joining });
    const messages = ["x€[]{}~^|\\_@$".repeat(9), "Zoë Łukasiewicz 王小明 😀 مريم"].map((more) => shortMessage(more));
    for (const message of messages) expect(await ship({ message })).toMatch(/^\d+,\d+$/);
    expect(seen()).toEqual(messages.map(revealText));
    expect(smsc.violations).toEqual([]);
  },
);

test("three parts do not fit: nothing leaves, the next channel is asked", async () => {
  const error = await ship({ message: shortMessage("ж".repeat(60)) });
  expect(error).toMatchObject({ fate: "permanent", reason: "CHANNEL_DOES_NOT_FIT", detail: "does-not-fit" });
  expect(smsc.connections).toBe(0);
});

test("half a character has no bytes: refused for good", async () => {
  const error = await ship({ message: shortMessage("\ud83d") });
  expect(error).toMatchObject({ fate: "permanent", detail: "malformed-delivery" });
});

test("the second part refused: something may show, so it is unknown and says what was observed", async () => {
  smsc.faults.add({ kind: "status", status: 0x58, after: 1 });
  const error = await ship({ message: shortMessage("x".repeat(100)) });
  expect(error).toMatchObject({ fate: "unknown", detail: "smpp-88", retryAfterMs: 1_000 });
  expect(seen()).toEqual([]);
});

test("late never leaves: after the wait for the link, after the first part, and when not even a second is left", async () => {
  expect(await ship({ beforeWrite: late })).toMatchObject({ fate: "not-sent", detail: "late" });
  let looks = 0;
  const secondLook = (): void => void ((looks += 1) === 2 && late());
  const halved = await ship({ message: shortMessage("x".repeat(100)), beforeWrite: secondLook });
  expect(halved).toMatchObject({ fate: "unknown", detail: "late" });
  const notAfter = new Date(Date.now() + 500);
  expect(await ship({ notAfter })).toMatchObject({ fate: "not-sent", detail: "late" });
  expect(smsc.store.messages).toHaveLength(1);
  expect(seen()).toEqual([]);
});

test("a phone that is off until notAfter has passed never shows the code; a newer code takes an older one's place", async () => {
  const phone = smsc.phones.at(SAMPLE_NUMBER);
  phone.off = true;
  await ship({ notAfter: new Date(Date.now() + 1_100) });
  await smsc.stop();
  let now = new Date();
  smsc = await FakeSmsc.start({ now: () => now });
  await channel.close();
  channel = channelTo(smsc);
  smsc.phones.at(SAMPLE_NUMBER).off = true;
  await ship({ notAfter: new Date(now.getTime() + 60_000) });
  await ship({ notAfter: new Date(now.getTime() + 90_000), deliveryId: "sample/2" });
  expect(smsc.store.messages.map(({ state }) => state)).toEqual(["replaced", "held"]);
  now = new Date(now.getTime() + 90_001);
  smsc.store.switchOn(SAMPLE_NUMBER);
  expect(seen()).toEqual([]);
});

test("the signal ends the wait for a place in the window: nothing has left", async () => {
  await channel.close();
  channel = channelTo(smsc, { window: 1 });
  smsc.manners.holdsAnswers = true;
  const first = ship();
  await smsc.until(() => smsc.sessions[0]?.held === 1);
  expect(await ship({ deliveryId: "other" }, AbortSignal.timeout(50))).toMatchObject({
    fate: "not-sent",
    detail: "timeout",
  });
  smsc.sessions[0]?.answerNext();
  expect(typeof (await first)).toBe("string");
  expect(smsc.store.messages).toHaveLength(1);
});

test("signing in holds nothing, and an account that is bound elsewhere is a known one", async () => {
  expect(await channel.signIn(AbortSignal.timeout(60_000))).toBe("");
  await smsc.until(() => smsc.sessions.length === 0);
  smsc.refuseBindWith = 0x05;
  expect(await channel.signIn(AbortSignal.timeout(60_000))).toBe("");
  smsc.refuseBindWith = 0x0e;
  await expect(channel.signIn(AbortSignal.timeout(60_000))).rejects.toThrow("--smpp-password-file");
  smsc.refuseBindWith = 0x0d;
  await expect(channel.signIn(AbortSignal.timeout(50))).rejects.toThrow("timeout");
});
