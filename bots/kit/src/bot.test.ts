import { AnswerType, Fate, NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AttachRefused } from "./attach/attachment.ts";
import { connectCore } from "./attach/core-connection.ts";
import { startBot, type Bot } from "./bot.ts";
import { ChannelError } from "./channel-error.ts";
import type { LogEvent } from "./log.ts";
import { timestampOf } from "./message/timestamp.ts";
import type { PaceLimits } from "./pace/pace.ts";
import { Secret } from "./secret.ts";
import { FakeChannel } from "./testing/fake-channel.ts";
import { FakeCore } from "./testing/fake-core.ts";
import { ManualTimer, settled } from "./testing/manual-timer.ts";
import { sampleDeliver, sampleNotice } from "./testing/sample.ts";

const FAST = {
  identity: { perSecond: 1000, burst: 1000 },
  chat: { perSecond: 1000, burst: 1000 },
  longestWaitMs: 5_000,
};

let core: FakeCore;
let channel: FakeChannel;
let timer: ManualTimer;
let bot: Bot | undefined;
let logged: LogEvent[];
let pace: PaceLimits;

async function start(more: { readonly token?: string } = {}): Promise<Bot> {
  bot = await startBot({
    channel,
    core: connectCore({
      address: core.address,
      plaintext: true,
      token: new Secret("bot token", more.token ?? core.token),
    }),
    pace,
    zone: "Europe/Berlin",
    timer,
    log: { write: (event) => void logged.push(event) },
  });
  return bot;
}

/** Lets the bot's retry timers run until the core has what it waits for. */
async function whileTimePasses(until: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  void until.then(() => done.abort());
  while (!done.signal.aborted) await timer.advance(1_000);
}

beforeEach(async () => {
  core = await FakeCore.start();
  channel = new FakeChannel();
  timer = new ManualTimer(new Date("2026-11-22T13:30:00Z"));
  bot = undefined;
  logged = [];
  pace = FAST;
});

afterEach(async () => {
  await bot?.stop();
  core.stop();
  if (core.violations.length > 0) throw new Error(core.violations.join("; "));
});

const fresh = (sequence: number): string => `delivery-${sequence}`;

test("each Deliver is answered under its own sequence number, chats in parallel, one chat in order", async () => {
  await start();
  const gate = Promise.withResolvers<void>();
  channel.beforeWrite = async ({ peerId }) => (peerId === "1" ? gate.promise : undefined);
  const first = core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(1) }));
  const second = core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(2) }));
  const other = await core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "2", deliveryId: fresh(3) }));
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
  await start();
  channel.beforeWrite = async () => Promise.reject(new ChannelError({ fate, detail, reason }));
  expect(await core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({
    failed: { fate: on, reason, retryAfterMs: 0 },
  });
});

test("an adapter's bug is unknown, and its text goes nowhere", async () => {
  await start();
  channel.beforeWrite = async () => Promise.reject(new TypeError("while sending code 482915"));
  const report = await core.deliver(sampleDeliver(Phase.FULL, { providerId: "1" }));
  expect(report).toMatchObject({ failed: { fate: Fate.UNKNOWN, reason: "CHANNEL_DOWN" } });
  expect(JSON.stringify(logged)).not.toContain("482915");
});

test("a provider that asks for silence gets it, for every chat, and the core is told how long", async () => {
  await start();
  channel.beforeWrite = async () =>
    Promise.reject(new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs: 35_000 }));
  const first = await core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(1) }));
  expect(first).toMatchObject({ failed: { fate: Fate.NOT_SENT, retryAfterMs: 35_000 } });
  channel.beforeWrite = async () => undefined;
  const second = await core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "7", deliveryId: fresh(2) }));
  expect(second).toMatchObject({ failed: { fate: Fate.NOT_SENT, retryAfterMs: 35_000 } });
  expect(channel.writes).toEqual([]);
  await timer.advance(35_000);
  const notAfter = timestampOf(new Date("2026-11-22T14:00:00Z"));
  const third = sampleDeliver(Phase.NOTICE, { peerId: "7", deliveryId: fresh(3), notAfter });
  expect(await core.deliver(third)).toHaveProperty("sent");
});

test("the deadline is looked at last: what became late while waiting is not written", async () => {
  await start();
  channel.beforeWrite = async () => timer.advance(40_000);
  const notAfter = timestampOf(new Date("2026-11-22T13:30:40Z"));
  const report = await core.deliver(sampleDeliver(Phase.FULL, { providerId: "1", notAfter }));
  expect(report).toMatchObject({ failed: { fate: Fate.NOT_SENT } });
  expect(logged).toContainEqual({ event: "not-delivered", phase: "full", fate: "not-sent", detail: "late" });
  expect(channel.writes).toEqual([]);
});

test("nothing is written once the lease has lapsed, and the stream is given up", async () => {
  core.acknowledgesBeats = false;
  await start();
  channel.beforeWrite = async () => timer.advance(60_000);
  const report = core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }));
  await expect(report).rejects.toThrow("the stream ended");
  expect(channel.writes).toEqual([]);
  expect(logged).toContainEqual({ event: "lease-lost" });
});

test("beats keep the lease", async () => {
  await start();
  for (let beat = 1; beat <= 6; beat += 1) {
    await timer.advance(20_000);
    await core.until(() => core.beats >= beat);
    await settled();
  }
  expect(await core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }))).toHaveProperty("sent");
});

test("after a broken stream it attaches again under the next fence, and listens again", async () => {
  await start();
  core.breakStream();
  await settled();
  await core.until(() => core.hello === undefined);
  await whileTimePasses(core.attached());
  expect(core.fence).toBe(2n);
  expect(await core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }))).toMatchObject({
    sent: { fence: 2n },
  });
  expect(channel.listening).toBe(true);
});

test("a message shown before the stream broke is not shown a second time", async () => {
  await start();
  const shown = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  channel.beforeWrite = async () => {
    shown.resolve();
    await answered.promise;
  };
  const lost = core.deliver(sampleDeliver(Phase.NOTICE));
  await shown.promise;
  core.breakStream();
  await expect(lost).rejects.toThrow("the stream ended");
  // The lease of the old stream is gone with it, so the first attempt must not be written any more.
  await settled();
  await new Promise((resolve) => setTimeout(resolve, 50));
  answered.resolve();
  await whileTimePasses(core.attached());
  channel.beforeWrite = async () => undefined;
  const again = await core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }));
  expect(again).toMatchObject({ sent: { fence: 2n } });
  expect(channel.writes).toHaveLength(1);
});

test("a report lost with its stream is given again from memory, without a second message", async () => {
  await start();
  channel.deliver = new Proxy(channel.deliver.bind(channel), {
    apply: async (deliver, _this, given: Parameters<FakeChannel["deliver"]>) => {
      const id = await deliver(...given);
      if (core.fence === 1n) {
        core.breakStream();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return id;
    },
  });
  await core.deliver(sampleDeliver(Phase.NOTICE)).catch(() => undefined);
  await whileTimePasses(core.attached());
  const again = await core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }));
  expect(again).toMatchObject({ sent: { providerId: "1", fence: 2n } });
  expect(channel.writes).toHaveLength(1);
});

test("a message that the person deleted is shown anew when the core asks for it again", async () => {
  await start();
  expect(await core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({ sent: { providerId: "1" } });
  channel.beforeWrite = async () => Promise.reject(new ChannelError({ fate: "permanent", detail: "gone" }));
  const edit = await core.deliver(sampleDeliver(Phase.FULL, { providerId: "1" }));
  expect(edit).toMatchObject({ failed: { fate: Fate.PERMANENT, reason: "CHANNEL_DOWN" } });
  channel.beforeWrite = async () => undefined;
  expect(await core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({ sent: { providerId: "2" } });
  expect(channel.writes.map(({ id }) => id)).toEqual(["1", "2"]);
});

test("an event that was under way when the stream broke reaches the core again, under its id", async () => {
  await start();
  core.answerWith(() => (core.fence === 1n ? undefined : {}));
  const replies: string[] = [];
  const pressed = channel.desk?.pressed({ eventId: "e1", peerId: "4242", buttonId: "n.ref-1", locale: "en" }, (text) =>
    replies.push(text),
  );
  await core.until(() => core.events.length === 1);
  core.breakStream();
  await core.until(() => core.hello === undefined);
  await whileTimePasses(core.attached());
  await pressed;
  expect(core.events).toMatchObject([
    { $case: "veto", value: { eventId: "e1", fence: 1n, reason: 2, actionRef: "ref-1" } },
    { $case: "veto", value: { eventId: "e1", fence: 2n, reason: 2, actionRef: "ref-1" } },
  ]);
});

test("a second bot of the same identity waits until the first has gone", async () => {
  const first = await start();
  const standby = new FakeChannel();
  channel = standby;
  const second = start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(standby.listening).toBe(false);
  await first.stop();
  await second;
  expect(standby.listening).toBe(true);
  expect(core.fence).toBe(2n);
});

test("stopping lets what is under way be reported, and refuses what waits", async () => {
  const running = await start();
  const gate = Promise.withResolvers<void>();
  const otherChat = Promise.withResolvers<void>();
  channel.deliver = async ({ peerId }) => {
    if (peerId === "9") otherChat.resolve();
    await gate.promise;
    return "77";
  };
  const underWay = core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(1) }));
  const behind = core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(2) }));
  const other = core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(3), peerId: "9" }));
  // One stream keeps its order: the other two have arrived before it.
  await otherChat.promise;
  const stopped = running.stop();
  gate.resolve();
  expect(await underWay).toMatchObject({ sent: { providerId: "77" } });
  expect(await other).toMatchObject({ sent: { providerId: "77" } });
  expect(await behind).toMatchObject({ failed: { fate: Fate.NOT_SENT, retryAfterMs: 1_000 } });
  await stopped;
  await core.until(() => core.hello === undefined);
  expect(channel).toMatchObject({ listening: false, closed: true });
});

test("a bot whose token the core does not know is told so", async () => {
  await expect(start({ token: "cs_bot_other" })).rejects.toThrow(AttachRefused);
});

test("check 16: codes are in no log line, whatever happens to their message", async () => {
  await start();
  await core.deliver(sampleDeliver(Phase.FULL, { providerId: "1" }));
  await core.deliver(sampleDeliver(Phase.FULL, { providerId: "gone" }));
  await core.deliver(sampleDeliver(Phase.FULL, { providerId: "1", tag: "\n" }));
  const notice = sampleNotice(NoticeType.WRONG_CODE);
  await core.deliver(sampleDeliver(Phase.FULL, { providerId: "1", notice }));
  expect(logged.filter(({ event }) => event === "delivered")).toHaveLength(2);
  expect(JSON.stringify(logged)).not.toMatch(/482|915|teapot|AMBER|4242/);
});

test("who writes without end is answered a few times, and holds up nobody's confirmation, not even his own", async () => {
  pace = { identity: { perSecond: 10, burst: 1 }, chat: { perSecond: 1, burst: 1 }, longestWaitMs: 5_000 };
  await start();
  const saying = Array.from({ length: 200 }, async (_, at) =>
    channel.desk?.said({
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
  const [started, asleep] = [timer.monotonic(), timer.sleeping];
  const own = core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(1) }));
  const other = core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "2", deliveryId: fresh(2) }));
  // Both have come over the stream and wait for their turn before time passes.
  while (timer.sleeping < asleep + 2) await settled();
  const waiting = (): number => channel.writes.filter(({ text }) => text === "Confirmation waiting").length;
  while (waiting() < 2) await timer.advanceToNext();
  expect(await own).toHaveProperty("sent");
  expect(await other).toHaveProperty("sent");
  expect(timer.monotonic() - started).toBeLessThanOrEqual(1_100);
  await timer.advance(10_000);
  const replies = channel.writes.filter(({ text }) => text.startsWith("I did not understand"));
  expect(replies.length).toBeGreaterThanOrEqual(1);
  expect(replies.length).toBeLessThanOrEqual(3);
  expect(logged.filter(({ event }) => event === "reply-not-delivered").length).toBeGreaterThanOrEqual(197);
});

test("a chat whose provider hangs holds up its own messages alone", async () => {
  await start();
  const gate = Promise.withResolvers<void>();
  channel.beforeWrite = async ({ peerId }) => (peerId === "1" ? gate.promise : undefined);
  const hanging = core.deliver(sampleDeliver(Phase.NOTICE, { peerId: "1", deliveryId: fresh(1) }));
  for (let chat = 2; chat < 40; chat += 1) {
    const report = await core.deliver(
      sampleDeliver(Phase.NOTICE, { peerId: String(chat), deliveryId: fresh(chat), notAfter: undefined }),
    );
    expect(report).toHaveProperty("sent");
  }
  gate.resolve();
  expect(await hanging).toHaveProperty("sent");
});

test("where the provider must be left alone for years, the core is told ten minutes", async () => {
  await start();
  const failure = { fate: "not-sent", detail: "rate-limited", retryAfterMs: 1e13 } as const;
  channel.beforeWrite = async () => Promise.reject(new ChannelError(failure));
  const report = await core.deliver(sampleDeliver(Phase.NOTICE));
  expect(report).toMatchObject({ failed: { retryAfterMs: 600_000 } });
});

test.each([
  { detail: "does-not-fit", reason: "CHANNEL_DOES_NOT_FIT" },
  { detail: "identity-changed", reason: "CHANNEL_IDENTITY_CHANGED" },
] as const)("what was observed ($detail) reaches the core as its reason", async ({ detail, reason }) => {
  await start();
  channel.beforeWrite = async () => Promise.reject(new ChannelError({ fate: "permanent", detail }));
  expect(await core.deliver(sampleDeliver(Phase.NOTICE))).toMatchObject({ failed: { fate: Fate.PERMANENT, reason } });
});

test("a channel of few words gets few", async () => {
  channel = new FakeChannel("short");
  await start();
  await core.deliver(sampleDeliver(Phase.FULL));
  await channel.desk?.said({
    eventId: "e1",
    peerId: "9",
    peerName: "",
    privateChat: true,
    locale: "en",
    text: "/help",
  });
  await settled();
  expect(channel.writes[0]?.text).toContain('"blue teapot"');
  expect(channel.writes[0]?.text).toContain("Code 482 915\nUntil 14:32:10 (UTC+1)");
  expect(channel.writes[1]?.text).toContain("/pending /history");
});

test("a mail asks nobody to answer it", async () => {
  channel = Object.assign(new FakeChannel(), { platform: "mail" });
  await start();
  const notice = sampleNotice(NoticeType.LINKED, { detail: "matrix" });
  await core.deliver(sampleDeliver(Phase.ALERT, { notice, actionRef: "" }));
  await core.deliver(sampleDeliver(Phase.FULL, { deliveryId: fresh(2) }));
  expect(channel.writes[0]?.text).toContain("send /freeze in another chat, or ask the service");
});

test("an invitation is asked about, and a provider's receipt is told and not waited for", async () => {
  await start();
  core.answerWith(({ value }) => ({ type: value.peerId === "7" ? AnswerType.OK : AnswerType.NOT_LINKED }));
  expect(await channel.desk?.mayJoin("e1", "7")).toBe(true);
  expect(await channel.desk?.mayJoin("e2", "8")).toBe(false);
  await channel.desk?.receipt("e3", "7", "provider-1", false);
  await core.until(() => core.events.length === 3);
  expect(core.events).toMatchObject([
    { $case: "peerQuestion", value: { peerId: "7", fence: 1n } },
    { $case: "peerQuestion", value: { peerId: "8" } },
    { $case: "deliveryReceipt", value: { providerId: "provider-1", reached: false } },
  ]);
});

test("a standby takes over when the stream of the first breaks, and the first becomes the standby", async () => {
  const first = channel;
  const running = await start();
  channel = new FakeChannel();
  const second = start();
  await core.until(() => core.waiting === 1);
  core.breakStream();
  const other = await second;
  expect(core.fence).toBe(2n);
  await whileTimePasses(core.until(() => core.waiting === 1));
  expect([first.listening, channel.listening]).toEqual([false, true]);
  expect(await core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }))).toMatchObject({
    sent: { fence: 2n },
  });
  expect([first.writes.length, channel.writes.length]).toEqual([0, 1]);
  await other.stop();
  await whileTimePasses(core.attached());
  expect(first.listening).toBe(true);
  await running.stop();
});

test("check 29: without TLS the core must be on this machine", () => {
  const token = new Secret("bot token", "t");
  expect(() => connectCore({ address: "core.example:8701", plaintext: true, token })).toThrow("without TLS");
  expect(status.OK).toBe(0);
});
