// Telegram answers with all that goes wrong there: the next channel has the code in time, and Telegram shows none late.
import { describe, expect, test } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { AT_ONCE_MS } from "@countersign/testing";
import type { Customer, Waiting } from "../faults/customer.ts";
import { twinPoller } from "../faults/twin-poller.ts";
import { TwoWorlds } from "../faults/two-worlds.ts";

/** Its time is seven seconds; the rest is what a busy machine may take. */
const ASKED_WITHIN_MS = 60_000;
/** As good as always. */
const ALWAYS = { times: 100_000 };

/** What the other channels are told. */
const LOST = "A channel of yours cannot be reached any more";

const two = TwoWorlds.declare(["telegram", "mail"]);

/** A payment whose code Telegram does not take. Resolves when mail has taken it, with how long that was. */
async function payByMail(user: Customer): Promise<Waiting & { readonly tookMs: number }> {
  const began = performance.now();
  const waiting = await user.pay();
  await waiting.timeline.until(DeliveryEventType.SENT, "mail");
  return { ...waiting, tookMs: performance.now() - began };
}

/** Telegram is well again, and the payment is over: whatever it still shows came late. */
async function expectNothingLate(user: Customer, waiting: Waiting): Promise<void> {
  const [code = "", ...more] = await user.codesOn("mail");
  expect(more).toEqual([]);
  await user.cancel(waiting);
  await two.world.mend("telegram");
  await two.world.turn("telegram", "open");
  await user.answered("telegram");
  expect(await user.codesOn("telegram")).toEqual([]);
  expect(await user.codesOn("mail")).toEqual([code]);
  expect(two.world.codesIn([code])).toEqual([]);
}

describe("429 for a while", () => {
  two.livesIn("hasty");

  test.each([{ retryAfter: 0 }, { retryAfter: "35 seconds" }])(
    "with retry_after $retryAfter: the code comes by mail when the channel's time is over",
    async ({ retryAfter }) => {
      const user = await two.world.user();
      await two.world.fault("telegram", { method: "*", kind: "status", status: 429, retryAfter, ...ALWAYS });
      const waiting = await payByMail(user);
      expect(waiting.tookMs).toBeLessThan(ASKED_WITHIN_MS);
      await expectNothingLate(user, waiting);
    },
    400_000,
  );
});

describe("429 for good", () => {
  two.livesIn("patient");

  test.each([{ retryAfter: 3600 }, { retryAfter: 1e18 }])(
    "with retry_after $retryAfter, longer than the code lives: mail has it at once",
    async ({ retryAfter }) => {
      const user = await two.world.user();
      await two.world.fault("telegram", { method: "*", kind: "status", status: 429, retryAfter, times: 1 });
      const waiting = await payByMail(user);
      expect(waiting.tookMs).toBeLessThan(AT_ONCE_MS);
      expect(await user.attempts(waiting)).toEqual(["telegram FAILED CHANNEL_DOWN", "mail SENT"]);
      two.mustLive();
      // The pause is the process's; the next one starts without it, and with nothing left to say.
      await two.world.installation.bot("telegram").restart();
      two.mayHaveDied();
      await expectNothingLate(user, waiting);
    },
    400_000,
  );
});

describe("a chat that is lost", () => {
  two.livesIn("patient");

  test("my_chat_member kicked: the link is DEAD, mail is told and has the next code; a command brings the chat back", async () => {
    const user = await two.world.user();
    await two.world.tell("telegram", `phone/${user.chatId}/block`);
    await user.hands("mail").phoneSays(LOST);
    expect(await user.links()).toEqual(["telegram DEAD", "mail LINKED"]);
    const waiting = await payByMail(user);
    expect(waiting.tookMs).toBeLessThan(AT_ONCE_MS);
    expect(await user.attempts(waiting)).toEqual(["mail SENT"]);
    await user.cancel(waiting);
    await two.world.tell("telegram", `phone/${user.chatId}/unblock`);
    await user.answered("telegram");
    expect(await user.links()).toEqual(["telegram LINKED", "mail LINKED"]);
    const again = await user.pay();
    await again.timeline.until(DeliveryEventType.SENT);
    await user.cancel(again);
    expect(await user.codesOn("telegram")).toHaveLength(1);
    expect(await user.codesOn("mail")).toHaveLength(1);
  }, 400_000);

  test("403 to the notice: the link is DEAD, mail has the code at once and is told", async () => {
    const user = await two.world.user();
    const description = "Forbidden: bot was blocked by the user";
    await two.world.fault("telegram", { method: "sendMessage", kind: "status", status: 403, description });
    const waiting = await payByMail(user);
    expect(waiting.tookMs).toBeLessThan(AT_ONCE_MS);
    await user.hands("mail").phoneSays(LOST);
    expect(await user.attempts(waiting)).toEqual(["telegram FAILED CHANNEL_BLOCKED_BY_USER", "mail SENT"]);
    expect(await user.links()).toEqual(["telegram DEAD", "mail LINKED"]);
    await expectNothingLate(user, waiting);
  }, 400_000);
});

describe("answers that never come or that nobody can read", () => {
  two.livesIn("hasty");

  test.each([
    ["502 with a page of HTML", { method: "*", kind: "non-json", status: 502, performed: false }],
    ["a connection that dies before Telegram takes anything", { method: "*", kind: "reset-before" }],
    [
      "a notice that is taken, and 502 each time",
      { method: "sendMessage", kind: "non-json", status: 502, performed: true },
    ],
  ])(
    "%s: mail has the code in time",
    async (_name, fault) => {
      const user = await two.world.user();
      await two.world.fault("telegram", { ...fault, ...ALWAYS });
      const waiting = await payByMail(user);
      expect(waiting.tookMs).toBeLessThan(ASKED_WITHIN_MS);
      await expectNothingLate(user, waiting);
    },
    400_000,
  );

  test("the code is taken and no answer ever comes: mail has the same code; the end takes it from Telegram", async () => {
    const user = await two.world.user();
    await two.world.fault("telegram", { method: "editMessageText", kind: "after", ...ALWAYS });
    const waiting = await payByMail(user);
    expect(waiting.tookMs).toBeLessThan(ASKED_WITHIN_MS);
    expect(await user.codesOn("telegram")).toEqual(await user.codesOn("mail"));
    await two.world.mend("telegram");
    await user.cancel(waiting);
    expect(await user.hands("telegram").chat()).not.toContain("Code");
    expect(await user.codesOn("mail")).toHaveLength(1);
  }, 400_000);
});

describe("answers that come late, in the end or from elsewhere", () => {
  two.livesIn("patient");

  test.each([
    ["the notice is taken and the connection dies", { method: "sendMessage", kind: "reset-after" }],
    [
      "the code is taken and the connection dies each time",
      { method: "editMessageText", kind: "reset-after", ...ALWAYS },
    ],
    ["notice and code take a second and a half each", { method: "*", kind: "slow", delayMs: 1_500, times: 2 }],
  ])(
    "%s: Telegram has the code, in one message; mail has none",
    async (_name, fault) => {
      const user = await two.world.user();
      await two.world.fault("telegram", fault);
      const waiting = await user.pay();
      await waiting.timeline.until(DeliveryEventType.SENT, "telegram");
      expect(await user.codesOn("telegram")).toHaveLength(1);
      await two.world.mend("telegram");
      await user.cancel(waiting);
      expect(await user.attempts(waiting)).toEqual(["telegram SENT"]);
      expect(await user.codesOn("mail")).toEqual([]);
      expect(await user.hands("telegram").chat()).not.toContain("Code");
    },
    400_000,
  );

  test("409, somebody else polls with the same token: codes go out, the bot lives, and answers once it is alone again", async () => {
    const user = await two.world.user();
    const twin = await twinPoller(two.world.installation);
    try {
      const waiting = await user.pay();
      await waiting.timeline.until(DeliveryEventType.SENT, "telegram");
      await twin.disturbed;
      await user.cancel(waiting);
      expect(await user.codesOn("telegram")).toHaveLength(1);
      expect(await user.codesOn("mail")).toEqual([]);
    } finally {
      await twin.stop();
    }
    await user.answered("telegram");
  }, 400_000);
});
