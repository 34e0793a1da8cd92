import { Fate, NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AttachRefused } from "./attach/attachment.ts";
import { connectCore } from "./attach/core-connection.ts";
import { startBot, type Bot } from "./bot.ts";
import { ChannelError } from "./channel-error.ts";
import type { LogEvent } from "./log.ts";
import { timestampOf } from "./message/timestamp.ts";
import { Secret } from "./secret.ts";
import { FakeChannel } from "./testing/fake-channel.ts";
import { FakeCore } from "./testing/fake-core.ts";
import { ManualTimer, settled } from "./testing/manual-timer.ts";
import { sampleDeliver, sampleNotice } from "./testing/sample.ts";

let core: FakeCore;
let channel: FakeChannel;
let timer: ManualTimer;
let bot: Bot | undefined;
let logged: LogEvent[];

async function start(more: { readonly token?: string } = {}): Promise<Bot> {
  bot = await startBot({
    channel,
    core: connectCore({
      address: core.address,
      plaintext: true,
      token: new Secret("bot token", more.token ?? core.token),
    }),
    pace: { identity: { perSecond: 1000, burst: 1000 }, chat: { perSecond: 1000, burst: 1000 }, longestWaitMs: 5_000 },
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

test("check 29: without TLS the core must be on this machine", () => {
  const token = new Secret("bot token", "t");
  expect(() => connectCore({ address: "core.example:8701", plaintext: true, token })).toThrow("without TLS");
  expect(status.OK).toBe(0);
});
