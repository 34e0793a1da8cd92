import { Secret, type BotLog, type LogEvent } from "@countersign/bot-kit";
import { ManualTimer, settled } from "@countersign/bot-kit/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FakeSmsc, SAMPLE_NUMBER } from "../testing/index.ts";
import type { Sms } from "../sms-platform.ts";
import { segmentText } from "../text/segments.ts";
import { SmppPlatform } from "./smpp-platform.ts";

let timer: ManualTimer;
let smsc: FakeSmsc;
let platform: SmppPlatform;
let events: LogEvent[];
const forever = new AbortController().signal;
const log: BotLog = { write: (event) => void events.push(event) };

function platformWith(window: number): SmppPlatform {
  const password = new Secret("SMPP password", smsc.account.password);
  const account = { host: "127.0.0.1", port: smsc.port, tls: undefined, systemId: smsc.account.systemId, password };
  return new SmppPlatform({ account, sender: undefined, window, timer, log });
}

beforeEach(async () => {
  events = [];
  timer = new ManualTimer();
  smsc = await FakeSmsc.start({ now: () => timer.now() });
  platform = platformWith(2);
});

afterEach(async () => {
  const closed = platform.close();
  await settled();
  await timer.advance(5_000);
  await closed;
  await smsc.stop();
});

async function submit(text: string = "hello", beforeWrite: () => void = () => undefined): Promise<string | object> {
  const segmented = segmentText(text);
  if (segmented === undefined) throw new Error("too long");
  const sms: Sms = { to: SAMPLE_NUMBER, text, segmented, notAfter: undefined, messageRef: "r", supersedes: false };
  return platform.submit(sms, { signal: forever, beforeWrite }).catch((error: object) => error);
}

const retries = (): unknown[] =>
  events.flatMap((event) => (event.event === "listening-failed" ? [event.retryInMs] : []));

test("the window: two unanswered requests, the third leaves when one is answered, after a last look of its own", async () => {
  smsc.manners.window = 2;
  smsc.manners.holdsAnswers = true;
  const looks: number[] = [];
  const submits = [1, 2, 3].map(async (who) => submit("hello", () => void looks.push(who)));
  await smsc.until(() => smsc.sessions[0]?.held === 2);
  await settled();
  expect(looks).toEqual([1, 2]);
  expect(smsc.store.messages).toHaveLength(2);
  smsc.sessions[0]?.answerNext();
  await smsc.until(() => smsc.store.messages.length === 3);
  expect(looks).toEqual([1, 2, 3]);
  smsc.sessions[0]?.answerNext();
  smsc.sessions[0]?.answerNext();
  expect((await Promise.all(submits)).every((id) => typeof id === "string")).toBe(true);
  expect(smsc.violations).toEqual([]);
});

test("throttled: nothing leaves for 1 s, then 2 s, then it flows", async () => {
  smsc.faults.add({ kind: "status", status: 0x58, times: 2 });
  expect(await submit()).toMatchObject({ fate: "not-sent", retryAfterMs: 1_000 });
  expect(await submit()).toMatchObject({ fate: "not-sent", detail: "rate-limited", retryAfterMs: 1_000 });
  await timer.advance(1_000);
  expect(await submit()).toMatchObject({ fate: "not-sent", detail: "smpp-88", retryAfterMs: 2_000 });
  await timer.advance(1_999);
  expect(await submit()).toMatchObject({ detail: "rate-limited", retryAfterMs: 1 });
  await timer.advance(1);
  expect(typeof (await submit())).toBe("string");
  expect(smsc.store.messages).toHaveLength(1);
});

test("a link that breaks comes back after 0.5, 1, 2, 4, 8, 15, 15 s; a steady one starts anew", async () => {
  await platform.open(forever);
  smsc.refuseBindWith = 0x0d;
  smsc.breakConnections();
  for (const ms of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    const binds = smsc.binds;
    while (retries().length === 0 || timer.sleeping === 0) await settled();
    while (retries().at(-1) !== ms) await settled();
    await timer.advance(ms - 1);
    expect(smsc.binds).toBe(binds);
    if (ms === 15_000 && retries().length === 7) smsc.refuseBindWith = 0;
    await timer.advance(1);
    await smsc.until(() => smsc.binds === binds + 1);
    while (smsc.refuseBindWith !== 0 && retries().length < smsc.binds) await settled();
  }
  expect(retries()).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  await platform.open(forever);
  await timer.advance(29_999);
  await timer.advance(1);
  smsc.breakConnections();
  while (retries().length < 8) await settled();
  expect(retries().at(-1)).toBe(500);
}, 400_000);

test("enquire_link every 30 s; an SMSC that is deaf is left after 10 s, and what was unanswered is unknown", async () => {
  await platform.open(forever);
  await timer.advance(30_000);
  // It was asked how it is before it took this, and said so.
  expect(typeof (await submit())).toBe("string");
  smsc.manners.deaf = true;
  smsc.manners.holdsAnswers = true;
  const lost = submit();
  await smsc.until(() => smsc.sessions[0]?.held === 1);
  await timer.advance(19_999);
  expect(smsc.sessions).toHaveLength(1);
  await timer.advance(1);
  expect(await lost).toMatchObject({ fate: "unknown", detail: "reset" });
  await smsc.until(() => smsc.sessions.length === 0);
});

test("while there is no link a message is refused at once: the core chooses", async () => {
  await platform.open(forever);
  smsc.refuseBindWith = 0x0d;
  smsc.breakConnections();
  while (retries().length === 0) await settled();
  expect(await submit()).toMatchObject({ fate: "not-sent", detail: "connect" });
});

test("unbind by the SMSC ends the link; ours is polite, and lets what is under way be answered first", async () => {
  await platform.open(forever);
  expect(await smsc.sessions[0]?.ask(0x06, new Uint8Array())).toBe(0);
  await smsc.until(() => smsc.sessions.length === 0);
  while (retries().length === 0) await settled();
  await timer.advance(500);
  await platform.open(forever);
  smsc.manners.holdsAnswers = true;
  const submitting = submit();
  await smsc.until(() => smsc.sessions[0]?.held === 1);
  const closed = platform.close();
  await settled();
  expect(smsc.sessions).toHaveLength(1);
  smsc.sessions[0]?.answerNext();
  expect(typeof (await submitting)).toBe("string");
  await closed;
  await smsc.until(() => smsc.sessions.length === 0);
  expect(smsc.violations).toEqual([]);
});
