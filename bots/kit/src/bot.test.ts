import { AnswerType, Fate, NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ChannelError } from "./channel-error.ts";
import { timestampOf } from "./message/timestamp.ts";
import { BotRig } from "./testing/bot-rig.ts";
import { FakeChannel } from "./testing/fake-channel.ts";
import { settled } from "./testing/manual-timer.ts";
import { sampleDeliver, sampleNotice } from "./testing/sample.ts";

let rig: BotRig;

beforeEach(async () => {
  rig = await BotRig.open();
});

afterEach(async () => rig.close());

const fresh = (sequence: number): string => `delivery-${sequence}`;

test("each Deliver is answered under its own sequence number, chats in parallel, one chat in order", async () => {
  await rig.start();
  const gate = Promise.withResolvers<void>();
  rig.channel.beforeWrite = async ({ peerId }) => (peerId === "1" ? gate.promise : undefined);
  const first = rig.core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(1) }));
  const second = rig.core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(2) }));
  const other = await rig.core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "2", deliveryId: fresh(3) }));
  expect(other).toMatchObject({ sent: { sequence: 3n, fence: 1n, providerId: "1" } });
  gate.resolve();
  expect(await first).toMatchObject({ sent: { sequence: 1n, providerId: "2" } });
  expect(await second).toMatchObject({ sent: { sequence: 2n, providerId: "3" } });
});

test.each([
  { fate: "not-sent", detail: "connect", on: Fate.NOT_SENT, reason: "CHANNEL_DOWN" },
  { fate: "unknown", detail: "timeout", on: Fate.UNKNOWN, reason: "CHANNEL_DOWN" },
  { fate: "permanent", detail: "blocked", on: Fate.PERMANENT, reason: "CHANNEL_BLOCKED_BY_USER" },
] as const)("a failure of fate $fate is reported as such", async ({ fate, detail, on, reason }) => {
  await rig.start();
  rig.channel.beforeWrite = async () => Promise.reject(new ChannelError({ fate, detail, reason }));
  expect(await rig.core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({
    failed: { fate: on, reason, retryAfterMs: 0 },
  });
});

test("an adapter's bug is unknown, and its text goes nowhere", async () => {
  await rig.start();
  rig.channel.beforeWrite = async () => Promise.reject(new TypeError("while sending code 482915"));
  const report = await rig.core.deliver(sampleDeliver(Phase.FULL, { providerId: "1" }));
  expect(report).toMatchObject({ failed: { fate: Fate.UNKNOWN, reason: "CHANNEL_DOWN" } });
  expect(JSON.stringify(rig.logged)).not.toContain("482915");
});

test("a provider that asks for silence gets it, for every chat, and the core is told how long", async () => {
  await rig.start();
  rig.channel.beforeWrite = async () =>
    Promise.reject(new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs: 35_000 }));
  const first = await rig.core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(1) }));
  expect(first).toMatchObject({ failed: { fate: Fate.NOT_SENT, retryAfterMs: 35_000 } });
  rig.channel.beforeWrite = async () => undefined;
  const second = await rig.core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "7", deliveryId: fresh(2) }));
  expect(second).toMatchObject({ failed: { fate: Fate.NOT_SENT, retryAfterMs: 35_000 } });
  expect(rig.channel.writes).toEqual([]);
  await rig.timer.advance(35_000);
  const notAfter = timestampOf(new Date("2026-11-22T14:00:00Z"));
  const third = sampleDeliver(Phase.NOTICE, { peerId: "7", deliveryId: fresh(3), notAfter });
  expect(await rig.core.deliver(third)).toHaveProperty("sent");
});

test("the deadline is looked at last: what became late while waiting is not written", async () => {
  await rig.start();
  rig.channel.beforeWrite = async () => rig.timer.advance(40_000);
  const notAfter = timestampOf(new Date("2026-11-22T13:30:40Z"));
  const report = await rig.core.deliver(sampleDeliver(Phase.FULL, { providerId: "1", notAfter }));
  expect(report).toMatchObject({ failed: { fate: Fate.NOT_SENT } });
  expect(rig.logged).toContainEqual({ event: "not-delivered", phase: "full", fate: "not-sent", detail: "late" });
  expect(rig.channel.writes).toEqual([]);
});

test("a message that the person deleted is shown anew when the core asks for it again", async () => {
  await rig.start();
  expect(await rig.core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({ sent: { providerId: "1" } });
  rig.channel.beforeWrite = async () => Promise.reject(new ChannelError({ fate: "permanent", detail: "gone" }));
  const edit = await rig.core.deliver(sampleDeliver(Phase.FULL, { providerId: "1" }));
  expect(edit).toMatchObject({ failed: { fate: Fate.PERMANENT, reason: "CHANNEL_DOWN" } });
  rig.channel.beforeWrite = async () => undefined;
  expect(await rig.core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({ sent: { providerId: "2" } });
  expect(rig.channel.writes.map(({ id }) => id)).toEqual(["1", "2"]);
});

test("check 16: codes are in no log line, whatever happens to their message", async () => {
  await rig.start();
  await rig.core.deliver(sampleDeliver(Phase.FULL, { providerId: "1" }));
  await rig.core.deliver(sampleDeliver(Phase.FULL, { providerId: "gone" }));
  await rig.core.deliver(sampleDeliver(Phase.FULL, { providerId: "1", tag: "\n" }));
  const notice = sampleNotice(NoticeType.WRONG_CODE);
  await rig.core.deliver(sampleDeliver(Phase.FULL, { providerId: "1", notice }));
  expect(rig.logged.filter(({ event }) => event === "delivered")).toHaveLength(2);
  expect(JSON.stringify(rig.logged)).not.toMatch(/482|915|teapot|AMBER|4242/);
});

test("who writes without end is answered a few times, and holds up nobody's confirmation, not even his own", async () => {
  rig.pace = { identity: { perSecond: 10, burst: 1 }, chat: { perSecond: 1, burst: 1 }, longestWaitMs: 5_000 };
  await rig.start();
  const saying = Array.from({ length: 200 }, async (_, at) =>
    rig.channel.desk?.said({
      eventId: `flood-${at}`,
      peerId: "1",
      peerName: "Eve",
      privateChat: true,
      locale: "en",
      text: "hello",
    }),
  );
  await Promise.all(saying);
  await settled();
  const [started, asleep] = [rig.timer.monotonic(), rig.timer.sleeping];
  const own = rig.core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(1) }));
  const other = rig.core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "2", deliveryId: fresh(2) }));
  // Both have come over the stream and wait for their turn before time passes.
  while (rig.timer.sleeping < asleep + 2) await settled();
  const waiting = (): number => rig.channel.writes.filter(({ text }) => text === "Confirmation waiting").length;
  while (waiting() < 2) await rig.timer.advanceToNext();
  expect(await own).toHaveProperty("sent");
  expect(await other).toHaveProperty("sent");
  expect(rig.timer.monotonic() - started).toBeLessThanOrEqual(1_100);
  await rig.timer.advance(10_000);
  const replies = rig.channel.writes.filter(({ text }) => text.startsWith("I did not understand"));
  expect(replies.length).toBeGreaterThanOrEqual(1);
  expect(replies.length).toBeLessThanOrEqual(3);
  expect(rig.logged.filter(({ event }) => event === "reply-not-delivered").length).toBeGreaterThanOrEqual(197);
});

test("a chat whose provider hangs holds up its own messages alone", async () => {
  await rig.start();
  const gate = Promise.withResolvers<void>();
  rig.channel.beforeWrite = async ({ peerId }) => (peerId === "1" ? gate.promise : undefined);
  const hanging = rig.core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(1) }));
  const others = Array.from({ length: 38 }, async (_one, at) => {
    const chat = { peerId: String(at + 2), deliveryId: fresh(at + 2), notAfter: undefined };
    return rig.core.deliver(sampleDeliver(Phase.NOTICE, chat));
  });
  for (const report of await Promise.all(others)) expect(report).toHaveProperty("sent");
  gate.resolve();
  expect(await hanging).toHaveProperty("sent");
});

test("where the provider must be left alone for years, the core is told ten minutes", async () => {
  await rig.start();
  const failure = { fate: "not-sent", detail: "rate-limited", retryAfterMs: 1e13 } as const;
  rig.channel.beforeWrite = async () => Promise.reject(new ChannelError(failure));
  const report = await rig.core.deliver(sampleDeliver(Phase.NOTICE));
  expect(report).toMatchObject({ failed: { retryAfterMs: 600_000 } });
});

test.each([
  { detail: "does-not-fit", reason: "CHANNEL_DOES_NOT_FIT" },
  { detail: "identity-changed", reason: "CHANNEL_IDENTITY_CHANGED" },
] as const)("what was observed ($detail) reaches the core as its reason", async ({ detail, reason }) => {
  await rig.start();
  rig.channel.beforeWrite = async () => Promise.reject(new ChannelError({ fate: "permanent", detail }));
  expect(await rig.core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({
    failed: { fate: Fate.PERMANENT, reason },
  });
});

test("a channel of few words gets few", async () => {
  rig.channel = new FakeChannel("short");
  await rig.start();
  await rig.core.deliver(sampleDeliver(Phase.FULL));
  await rig.channel.desk?.said({
    eventId: "e1",
    peerId: "9",
    peerName: "",
    privateChat: true,
    locale: "en",
    text: "/help",
  });
  await settled();
  expect(rig.channel.writes[0]?.text).toContain('"blue teapot"');
  expect(rig.channel.writes[0]?.text).toContain("Code 482 915\nUntil 14:32:10 (UTC+1)");
  expect(rig.channel.writes[1]?.text).toContain("/pending /history");
});

test("a mail asks nobody to answer it", async () => {
  rig.channel = Object.assign(new FakeChannel(), { platform: "mail" });
  await rig.start();
  const notice = sampleNotice(NoticeType.LINKED, { detail: "matrix" });
  await rig.core.deliver(sampleDeliver(Phase.ALERT, { notice, actionRef: "" }));
  await rig.core.deliver(sampleDeliver(Phase.FULL, { deliveryId: fresh(2) }));
  expect(rig.channel.writes[0]?.text).toContain("send /freeze in another chat, or ask the service");
});

test("an invitation is asked about, and a provider's receipt is told and not waited for", async () => {
  await rig.start();
  rig.core.answerWith(({ value }) => ({ type: value.peerId === "7" ? AnswerType.OK : AnswerType.NOT_LINKED }));
  expect(await rig.channel.desk?.mayJoin("e1", "7")).toBe(true);
  expect(await rig.channel.desk?.mayJoin("e2", "8")).toBe(false);
  await rig.channel.desk?.receipt("e3", "7", "provider-1", false);
  await rig.core.until(() => rig.core.events.length === 3);
  expect(rig.core.events).toMatchObject([
    { $case: "peerQuestion", value: { peerId: "7", fence: 1n } },
    { $case: "peerQuestion", value: { peerId: "8" } },
    { $case: "deliveryReceipt", value: { providerId: "provider-1", reached: false } },
  ]);
});
