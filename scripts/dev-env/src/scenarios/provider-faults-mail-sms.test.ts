// Mail servers and SMSCs that refuse, stall and take back: the next channel has the code, and nobody reads a stale one.
import { describe, expect, test } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { AT_ONCE_MS } from "@countersign/testing";
import type { ChannelName } from "../chat/chat-service.ts";
import type { Customer, Waiting } from "../faults/customer.ts";
import { TwoWorlds } from "../faults/two-worlds.ts";

/** Its time is seven seconds; the rest is what a busy machine may take. */
const ASKED_WITHIN_MS = 60_000;
const ALWAYS = { times: 100_000 };
/** ESME_RMSGQFUL, ESME_RTHROTTLED, ESME_RINVDSTADR. */
const [QUEUE_FULL, THROTTLED, NO_SUCH_NUMBER] = [0x14, 0x58, 0x0b];

const two = TwoWorlds.declare(["telegram", "mail", "sms"]);

/** A payment whose code the first channel does not take. Resolves when Telegram, the next, has taken it. */
async function payByTelegram(user: Customer): Promise<Waiting & { readonly tookMs: number }> {
  const began = performance.now();
  const waiting = await user.pay();
  await waiting.timeline.until(DeliveryEventType.SENT, "telegram");
  return { ...waiting, tookMs: performance.now() - began };
}

/** The channel is well again, and the payment is over. */
async function expectNothingLate(user: Customer, channel: ChannelName, waiting: Waiting, codes = 0): Promise<void> {
  const [code = "", ...more] = await user.codesOn("telegram");
  expect(more).toEqual([]);
  await user.cancel(waiting);
  await two.world.mend(channel);
  await two.world.turn(channel, "open");
  const late = await user.codesOn(channel);
  expect(late.length).toBeLessThanOrEqual(codes);
  expect(late.filter((one) => one !== code)).toEqual([]);
  expect(two.world.codesIn([code])).toEqual([]);
}

describe("SMS, until its time is over", () => {
  two.livesIn("hasty");

  test.each([
    { name: "full", status: QUEUE_FULL },
    { name: "throttled", status: THROTTLED },
  ])(
    "an SMSC that is $name ($status) all the time: Telegram has the code in time",
    async ({ status }) => {
      const user = await two.world.user(["sms", "telegram"]);
      await two.world.fault("sms", { kind: "status", status, ...ALWAYS });
      const waiting = await payByTelegram(user);
      expect(waiting.tookMs).toBeLessThan(ASKED_WITHIN_MS);
      await expectNothingLate(user, "sms", waiting);
    },
    400_000,
  );

  test("the SMSC takes the code and never answers: at most twice by SMS, and Telegram has it in time", async () => {
    const user = await two.world.user(["sms", "telegram"]);
    // It has two parts: the last one is taken and not answered, each time.
    for (let times = 0; times < 3; times += 1) await two.world.fault("sms", { kind: "reset-after", after: 1 });
    const waiting = await payByTelegram(user);
    expect(waiting.tookMs).toBeLessThan(ASKED_WITHIN_MS);
    await expectNothingLate(user, "sms", waiting, 2);
  }, 400_000);
});

describe("SMS, at once", () => {
  two.livesIn("patient");

  test("throttled once: SMS has the code, once, and Telegram is not asked", async () => {
    const user = await two.world.user(["sms", "telegram"]);
    await two.world.fault("sms", { kind: "status", status: THROTTLED });
    const waiting = await user.pay();
    await waiting.timeline.until(DeliveryEventType.SENT);
    expect(await user.attempts(waiting)).toEqual(["sms SENT"]);
    expect(await user.codesOn("sms")).toHaveLength(1);
    await user.cancel(waiting);
  }, 400_000);

  test("a number that nobody has: the link is DEAD, Telegram has the code at once", async () => {
    const user = await two.world.user(["sms", "telegram"]);
    await two.world.fault("sms", { kind: "status", status: NO_SUCH_NUMBER });
    const waiting = await payByTelegram(user);
    expect(waiting.tookMs).toBeLessThan(AT_ONCE_MS);
    expect(await user.attempts(waiting)).toEqual(["sms FAILED CHANNEL_BLOCKED_BY_USER", "telegram SENT"]);
    await user.hands("telegram").phoneSays("A channel of yours cannot be reached any more");
    await expectNothingLate(user, "sms", waiting);
  }, 400_000);

  test("taken, and then a receipt says undeliverable: Telegram has the same code at once", async () => {
    const user = await two.world.user(["sms", "telegram"]);
    await two.world.tell("sms", `phone/${encodeURIComponent(user.smsNumber)}/off`);
    const waiting = await user.pay();
    await waiting.timeline.until(DeliveryEventType.SENT, "sms");
    for (const id of await two.world.heldSms(user.smsNumber))
      await two.world.tell("sms", "report", { id, stat: "UNDELIV" });
    await waiting.timeline.until(DeliveryEventType.SENT, "telegram");
    expect(await user.attempts(waiting)).toEqual(["sms FAILED CHANNEL_DOWN", "telegram SENT"]);
    expect(await user.codesOn("telegram")).toHaveLength(1);
    await user.cancel(waiting);
  }, 400_000);
});

describe("mail, until its time is over", () => {
  two.livesIn("hasty");

  test.each(["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"])(
    "421, 451 or 452 at %s each time: Telegram has the code in time",
    async (stage) => {
      const user = await two.world.user(["mail", "telegram"]);
      const code = stage === "greeting" ? 421 : stage === "RCPT" ? 452 : 451;
      await two.world.fault("mail", { stage, kind: "answer", code, text: "4.3.0 try later", ...ALWAYS });
      // The bot keeps its connections: the faults of a first hello need a new one.
      await two.world.turn("mail", "shut");
      await two.world.turn("mail", "open");
      const waiting = await payByTelegram(user);
      expect(waiting.tookMs).toBeLessThan(ASKED_WITHIN_MS);
      await expectNothingLate(user, "mail", waiting);
    },
    400_000,
  );

  test("the server takes the mail and the connection breaks, each time: at most two mails, and Telegram in time", async () => {
    const user = await two.world.user(["mail", "telegram"]);
    await two.world.fault("mail", { stage: "end", kind: "reset", taken: true, ...ALWAYS });
    const waiting = await payByTelegram(user);
    expect(waiting.tookMs).toBeLessThan(ASKED_WITHIN_MS);
    await expectNothingLate(user, "mail", waiting, 2);
  }, 400_000);
});

describe("mail, at once", () => {
  two.livesIn("patient");

  test("550 to the mailbox: the link is DEAD, Telegram has the code at once and is told", async () => {
    const user = await two.world.user(["mail", "telegram"]);
    await two.world.fault("mail", { stage: "RCPT", kind: "answer", code: 550, text: "5.1.1 no such user" });
    const waiting = await payByTelegram(user);
    expect(waiting.tookMs).toBeLessThan(AT_ONCE_MS);
    await user.hands("telegram").phoneSays("A channel of yours cannot be reached any more");
    expect(await user.links()).toEqual(["mail DEAD", "telegram LINKED"]);
    await expectNothingLate(user, "mail", waiting);
  }, 400_000);
});
