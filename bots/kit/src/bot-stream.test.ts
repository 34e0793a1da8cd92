import { Fate, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AttachRefused } from "./attach/attachment.ts";
import { connectCore } from "./attach/core-connection.ts";
import { Secret } from "./secret.ts";
import { BotRig } from "./testing/bot-rig.ts";
import { FakeChannel } from "./testing/fake-channel.ts";
import { settled } from "./testing/manual-timer.ts";
import { sampleDeliver } from "./testing/sample.ts";

let rig: BotRig;

beforeEach(async () => {
  rig = await BotRig.open();
});

afterEach(async () => rig.close());

/** Resolves once the bot has seen the end of its stream, and with it of its lease. */
async function noLease(): Promise<void> {
  while (rig.channel.listening) await settled();
}

const fresh = (sequence: number): string => `delivery-${sequence}`;

test("nothing is written once the lease has lapsed, and the stream is given up", async () => {
  rig.core.acknowledgesBeats = false;
  await rig.start();
  rig.channel.beforeWrite = async () => rig.timer.advance(rig.core.leaseMs);
  const report = rig.core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }));
  await expect(report).rejects.toThrow("the stream ended");
  expect(rig.channel.writes).toEqual([]);
  expect(rig.logged).toContainEqual({ event: "lease-lost" });
});

test("beats keep the lease", async () => {
  await rig.start();
  for (let beat = 1; beat <= 6; beat += 1) {
    await rig.timer.advance(rig.core.leaseMs / 3);
    await rig.core.until(() => rig.core.beats >= beat);
    // Comes after the answer to the beat.
    const notice = sampleDeliver(Phase.NOTICE, { deliveryId: fresh(beat), notAfter: undefined });
    expect(await rig.core.deliver(notice)).toHaveProperty("sent");
  }
});

test("after a broken stream it attaches again under the next fence, and listens again", async () => {
  await rig.start();
  rig.core.breakStream();
  await settled();
  await rig.core.until(() => rig.core.hello === undefined);
  await rig.whileTimePasses(rig.core.attached());
  expect(rig.core.fence).toBe(2n);
  // By the first lease's token the core knows that it waits for nobody else.
  expect(rig.core.hello?.leaseToken.toString()).toBe("lease 1");
  expect(await rig.core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }))).toMatchObject({
    sent: { fence: 2n },
  });
  expect(rig.channel.listening).toBe(true);
});

test("a message shown before the stream broke is not shown a second time", async () => {
  await rig.start();
  const shown = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  rig.channel.beforeWrite = async () => {
    shown.resolve();
    await answered.promise;
  };
  const lost = rig.core.deliver(sampleDeliver(Phase.NOTICE));
  await shown.promise;
  rig.core.breakStream();
  await expect(lost).rejects.toThrow("the stream ended");
  // The lease of the old stream is gone with it, so the first attempt must not be written any more.
  await noLease();
  answered.resolve();
  await rig.whileTimePasses(rig.core.attached());
  rig.channel.beforeWrite = async () => undefined;
  const again = await rig.core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }));
  expect(again).toMatchObject({ sent: { fence: 2n } });
  expect(rig.channel.writes).toHaveLength(1);
});

test("a report lost with its stream is given again from memory, without a second message", async () => {
  await rig.start();
  rig.channel.deliver = new Proxy(rig.channel.deliver.bind(rig.channel), {
    apply: async (deliver, _this, given: Parameters<FakeChannel["deliver"]>) => {
      const id = await deliver(...given);
      if (rig.core.fence === 1n) {
        rig.core.breakStream();
        await noLease();
      }
      return id;
    },
  });
  await rig.core.deliver(sampleDeliver(Phase.NOTICE)).catch(() => undefined);
  await rig.whileTimePasses(rig.core.attached());
  const again = await rig.core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }));
  expect(again).toMatchObject({ sent: { providerId: "1", fence: 2n } });
  expect(rig.channel.writes).toHaveLength(1);
});

test("an event that was under way when the stream broke reaches the core again, under its id", async () => {
  await rig.start();
  rig.core.answerWith(() => (rig.core.fence === 1n ? undefined : {}));
  const replies: string[] = [];
  const pressed = rig.channel.desk?.pressed(
    { eventId: "e1", peerId: "4242", buttonId: "n.ref-1", locale: "en" },
    (text) => replies.push(text),
  );
  await rig.core.until(() => rig.core.events.length === 1);
  rig.core.breakStream();
  await rig.core.until(() => rig.core.hello === undefined);
  await rig.whileTimePasses(rig.core.attached());
  await pressed;
  expect(rig.core.events).toMatchObject([
    { $case: "veto", value: { eventId: "e1", fence: 1n, reason: 2, actionRef: "ref-1" } },
    { $case: "veto", value: { eventId: "e1", fence: 2n, reason: 2, actionRef: "ref-1" } },
  ]);
});

test("a second bot of the same identity waits until the first has gone", async () => {
  const first = await rig.start();
  const standby = new FakeChannel();
  rig.channel = standby;
  const second = rig.start();
  await rig.core.until(() => rig.core.waiting === 1);
  expect(standby.listening).toBe(false);
  await first.stop();
  await second;
  expect(standby.listening).toBe(true);
  expect(rig.core.fence).toBe(2n);
});

test("stopping lets what is under way be reported, and refuses what waits", async () => {
  const running = await rig.start();
  const gate = Promise.withResolvers<void>();
  const otherChat = Promise.withResolvers<void>();
  rig.channel.deliver = async ({ peerId }) => {
    if (peerId === "9") otherChat.resolve();
    await gate.promise;
    return "77";
  };
  const underWay = rig.core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(1) }));
  const behind = rig.core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(2) }));
  const other = rig.core.deliver(sampleDeliver(Phase.NOTICE, { deliveryId: fresh(3), peerId: "9" }));
  // One stream keeps its order: the other two have arrived before it.
  await otherChat.promise;
  const stopped = running.stop();
  gate.resolve();
  expect(await underWay).toMatchObject({ sent: { providerId: "77" } });
  expect(await other).toMatchObject({ sent: { providerId: "77" } });
  expect(await behind).toMatchObject({ failed: { fate: Fate.NOT_SENT, retryAfterMs: 1_000 } });
  await stopped;
  await rig.core.until(() => rig.core.hello === undefined);
  expect(rig.channel).toMatchObject({ listening: false, closed: true });
});

test("a bot whose token the core does not know is told so", async () => {
  await expect(rig.start("cs_bot_other")).rejects.toThrow(AttachRefused);
});

test("a standby takes over when the stream of the first breaks, and the first becomes the standby", async () => {
  const first = rig.channel;
  const running = await rig.start();
  rig.channel = new FakeChannel();
  const second = rig.start();
  await rig.core.until(() => rig.core.waiting === 1);
  rig.core.breakStream();
  const other = await second;
  expect(rig.core.fence).toBe(2n);
  await rig.whileTimePasses(rig.core.until(() => rig.core.waiting === 1));
  expect([first.listening, rig.channel.listening]).toEqual([false, true]);
  expect(await rig.core.deliver(sampleDeliver(Phase.NOTICE, { notAfter: undefined }))).toMatchObject({
    sent: { fence: 2n },
  });
  expect([first.writes.length, rig.channel.writes.length]).toEqual([0, 1]);
  await other.stop();
  await rig.whileTimePasses(rig.core.attached());
  while (!first.listening) await settled();
  await running.stop();
});

test("check 29: without TLS the core must be on this machine", () => {
  const token = new Secret("bot token", "t");
  expect(() => connectCore({ address: "core.example:8701", plaintext: true, token })).toThrow("without TLS");
});
