import { expect, test } from "@jest/globals";
import { afterReport, handOut, type Report } from "../delivery/attempt.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { atMoment, judge, postponed } from "../delivery/judge.ts";
import { afterReceipt } from "../delivery/receipt.ts";
import { aLink, aTransaction, BOT, NOW, TENANT } from "../delivery/testing/entities.ts";
import { firstWish, nextWish, withdrawn } from "../delivery/wish.ts";
import type { Bot, Platform } from "../identity/tenant.ts";
import { explainAttempt } from "./explain-attempt.ts";
import type { BotStanding } from "./explain-bot.ts";

const NOT_AFTER = NOW + 120_000;
const BOT_BODY: Bot = {
  ...{ botId: BOT, tenantId: TENANT, name: "bot", platform: "mail", disabled: false, deepLink: "" },
};
const ATTACHED: BotStanding = { bot: BOT_BODY, lease: { botId: BOT, fence: 1, until: NOW + 1e9 } };
const STOPPED_BY = { actor: "admin:anna", at: NOW - 5 };

function queued(platform: Platform = "mail"): Delivery {
  const wanted = { phase: "full", issue: { epoch: 1, n: 1 } } as const;
  const fresh = { deliveryId: "d", txId: "t", type: "prompt", wanted, notAfter: NOT_AFTER } as const;
  return firstWish(aLink("a", { platform }), { ...fresh, fallbackAt: undefined }, NOW);
}

function reported(report: Report, delivery: Delivery = queued()): Delivery {
  const out = handOut(delivery, 1, NOW);
  if (out === undefined) throw new Error("nothing to hand out");
  return afterReport(out.delivery, out.handed, report, NOW + 10);
}

const failed = (fate: "not-sent" | "unknown" | "permanent", over: Partial<Report> = {}): Report =>
  ({ type: "failed", fate, reason: "CHANNEL_DOWN", retryAfterMs: 0, ...over }) as Report;
const SENT: Report = { type: "sent", providerId: "p-1" };

const explained = (delivery: Delivery, bot = ATTACHED, now = NOW + 20, ahead = 0) =>
  explainAttempt(delivery, { bot, ahead }, now);

test("what reached the provider, with the provider's id; and what it said later", () => {
  const sent = reported(SENT);
  expect(explained(sent)).toEqual({ reason: "SENT", since: NOW + 10, providerId: "p-1" });
  const reached = afterReceipt(sent, { providerId: "p-1", reached: true }, NOW + 30);
  expect(explained(reached)).toMatchObject({ reason: "REACHED", since: NOW + 30 });
  const lost = afterReceipt(sent, { providerId: "p-1", reached: false }, NOW + 30);
  expect(explained(lost)).toMatchObject({ reason: "NOT_REACHED", since: NOW + 30, providerId: "p-1" });
  const twice = afterReceipt({ ...sent, unknowns: 1 }, { providerId: "p-1", reached: false }, NOW + 30);
  expect(explained(twice)).toMatchObject({ reason: "SENT_UNKNOWN" });
});

test("the outcome in the place of the code does not hide that the code was there", () => {
  const outcome = { phase: "outcome", notice: { type: "EXPIRED", at: NOW }, showsLines: false } as const;
  const over = nextWish(reported(SENT), outcome, { notAfter: NOT_AFTER }, NOW + 50);
  expect(explained(over)).toMatchObject({ reason: "SENT", since: NOW + 10 });
  const unknown = nextWish(
    reported(failed("unknown", { observed: "timeout" })),
    outcome,
    { notAfter: NOT_AFTER },
    NOW + 50,
  );
  expect(explained(unknown)).toMatchObject({ reason: "SENT_UNKNOWN" });
});

test("a code that may be on the phone is told so, whatever the provider answered", () => {
  const left = reported(failed("unknown", { observed: "http-502" }));
  expect(explained(left)).toMatchObject({ reason: "SENT_UNKNOWN", observed: "http-502" });
  const notice = reported(failed("unknown", { observed: "http-502" }), queued("telegram"));
  expect(explained(notice)).toMatchObject({ reason: "PROVIDER_UNREACHABLE", observed: "http-502" });
});

test("waiting: behind how many, and for whom", () => {
  expect(explained(queued(), ATTACHED, NOW + 20, 7)).toMatchObject({ reason: "WAITING", ahead: 7 });
  const disabled = { ...ATTACHED, bot: { ...BOT_BODY, disabled: true, paused: true, disabledBy: STOPPED_BY } };
  expect(explained(queued(), disabled)).toEqual({ reason: "BOT_DISABLED", by: "admin:anna", since: NOW - 5 });
  const paused = { ...ATTACHED, bot: { ...BOT_BODY, paused: true, pausedBy: STOPPED_BY } };
  expect(explained(queued(), paused)).toEqual({ reason: "BOT_PAUSED", by: "admin:anna", since: NOW - 5 });
  const away = { ...ATTACHED, lease: { botId: BOT, fence: 1, until: NOW - 60_000 } };
  expect(explained(queued(), away)).toEqual({ reason: "BOT_NOT_ATTACHED", since: NOW - 60_000 });
  expect(explained(queued(), { ...ATTACHED, lease: undefined })).toEqual({ reason: "BOT_NOT_ATTACHED" });
});

test("at the bot: with its time to answer, or nobody any more", () => {
  const sending = handOut(queued(), 1, NOW)?.delivery ?? queued();
  expect(explained(sending)).toEqual({ reason: "AT_BOT", since: NOW, until: NOW + 30_000 });
  const died = { ...ATTACHED, lease: { botId: BOT, fence: 1, until: NOW + 5 } };
  expect(explained(sending, died)).toMatchObject({ reason: "BOT_NOT_ATTACHED", since: NOW + 5 });
  const silent = atMoment(sending, aTransaction(), NOW + 30_000);
  expect(explained(silent, ATTACHED, NOW + 30_000)).toMatchObject({ reason: "SENT_UNKNOWN", observed: "no-report" });
});

test("a pause that the provider asked of the identity: until when, or that it outlasts the code", () => {
  const waits = postponed(queued(), NOW + 35_000, NOW + 10);
  expect(explained(waits)).toEqual({ reason: "RATE_LIMITED", until: NOW + 35_000 });
  const given = postponed(queued(), NOT_AFTER, NOW + 10);
  expect(explained(given)).toEqual({ reason: "RATE_LIMITED", observed: "rate-limited", since: NOW + 10 });
});

test("nobody came by in time", () => {
  expect(explained(queued(), ATTACHED, NOT_AFTER + 1)).toMatchObject({ reason: "EXPIRED_BEFORE_SENT" });
  const over = judge(queued(), { transaction: aTransaction(), link: aLink("a") }, {}, NOT_AFTER + 1);
  expect(explained(over, ATTACHED, NOT_AFTER + 1)).toMatchObject({ reason: "EXPIRED_BEFORE_SENT" });
});

test.each([
  ["expired", "EXPIRED_BEFORE_SENT"],
  ["superseded", "SUPERSEDED"],
  ["vetoed", "TRANSACTION_ENDED"],
  ["cancelled", "TRANSACTION_ENDED"],
] as const)("withdrawn, %s: %s", (reason, told) => {
  expect(explained(withdrawn(queued(), reason, NOW + 10))).toEqual({ reason: told, since: NOW + 10 });
});

test("a newer code starts anew: what failed of the older one is not told of it", () => {
  const refused = reported(failed("not-sent", { observed: "http-401" }));
  expect(explained(refused)).toMatchObject({ reason: "PROVIDER_REFUSED", observed: "http-401", until: NOW + 510 });
  const wanted = { phase: "full", issue: { epoch: 1, n: 2 } } as const;
  const again = nextWish(refused, wanted, { notAfter: NOT_AFTER }, NOW + 15);
  expect(explained(again)).toMatchObject({ reason: "WAITING" });
});
