// What a report does that comes after the core took its message for lost: found by model.test.ts, kept as examples.
import { expect, test } from "@jest/globals";
import { afterReport, afterSilence, handOut, type Handed, type Report } from "./attempt.ts";
import type { Delivery, DeliveryReason, Wanted } from "./delivery.ts";
import { postponed } from "./judge.ts";
import { aLink, NOW, txIdOf } from "./testing/entities.ts";
import { firstWish, nextWish } from "./wish.ts";

const code = (n: number): Wanted => ({ phase: "full", issue: { epoch: 1, n } });
const times = { notAfter: NOW + 120_000, fallbackAt: NOW + 20_000 };
const notSent: Report = { type: "failed", fate: "not-sent", reason: "CHANNEL_DOWN", retryAfterMs: 0 };
const permanent = (reason: DeliveryReason): Report => ({ type: "failed", fate: "permanent", reason, retryAfterMs: 0 });

const fresh = firstWish(
  aLink("m", { platform: "matrix" }),
  { deliveryId: "d1", txId: txIdOf("tx1"), type: "prompt", ...times, wanted: code(1) },
  NOW,
);

function hand(delivery: Delivery, now: number): { delivery: Delivery; handed: Handed } {
  const out = handOut({ ...delivery, retryAt: now }, 1, now);
  if (out === undefined) throw new Error("nothing to hand out");
  return out;
}

const first = hand(fresh, NOW);
/** Silence about the first hand-out, then a second one, which is at the bot now. */
const second = hand(afterSilence(first.delivery, NOW + 30_000), NOW + 31_000);

test("not sent, about the first: the second stays at the bot, whatever the provider asks the bot to wait", () => {
  const told = afterReport(second.delivery, first.handed, notSent, NOW + 32_000);
  expect(told).toBe(second.delivery);
  expect(postponed(told, NOW + 3_600_000, NOW + 32_000)).toBe(told);
});

test("does not fit, about the first: the second's own report decides; blocked: given up, and nobody knows of the second", () => {
  const told = afterReport(second.delivery, first.handed, permanent("CHANNEL_DOES_NOT_FIT"), NOW + 32_000);
  expect(told).toBe(second.delivery);
  const blocked = afterReport(second.delivery, first.handed, permanent("CHANNEL_BLOCKED_BY_USER"), NOW + 32_000);
  expect(blocked).toMatchObject({ state: "UNKNOWN", mayHoldCode: true, retryAt: undefined });
});

test("does not fit, about an older code: the newer one goes on", () => {
  const newer = nextWish(first.delivery, code(2), times, NOW + 1000);
  const told = afterReport(newer, first.handed, permanent("CHANNEL_DOES_NOT_FIT"), NOW + 2000);
  expect(told).toMatchObject({ state: "QUEUED", wish: 2, retryAt: NOW + 1000 });
  const blocked = afterReport(newer, first.handed, permanent("CHANNEL_BLOCKED_BY_USER"), NOW + 2000);
  expect(blocked).toMatchObject({ state: "UNKNOWN", reason: "CHANNEL_BLOCKED_BY_USER", retryAt: undefined });
});

test("Sent of an older code, after that of the newer one: the newer one stands there, under its own id", () => {
  const newer = hand(nextWish(first.delivery, code(2), times, NOW + 1000), NOW + 1000);
  const shown = afterReport(newer.delivery, newer.handed, { type: "sent", providerId: "m2" }, NOW + 2000);
  const told = afterReport(shown, first.handed, { type: "sent", providerId: "m1" }, NOW + 3000);
  expect(told).toMatchObject({ state: "SENT", shown: 2, shownIssue: { epoch: 1, n: 2 }, providerId: "m2" });
});
