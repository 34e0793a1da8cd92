import { expect, test } from "@jest/globals";
import { afterReport, afterSilence, handOut, type Handed, type Report } from "./attempt.ts";
import type { Delivery, Wanted } from "./delivery.ts";
import { aLink, NOW, txIdOf } from "./testing/entities.ts";
import { MOST_EVENTS, noted, timelineOf } from "./timeline.ts";
import { firstWish, givenUp, nextWish, withdrawn } from "./wish.ts";

const code: Wanted = { phase: "full", issue: { epoch: 1, n: 1 } };
const newCode: Wanted = { phase: "full", issue: { epoch: 1, n: 2 } };
const outcome: Wanted = { phase: "outcome", notice: { type: "EXECUTED", at: NOW }, showsLines: true };
const sent: Report = { type: "sent", providerId: "m1" };
const unknown: Report = { type: "failed", fate: "unknown", reason: "CHANNEL_DOWN", retryAfterMs: 0 };
const notSent: Report = { type: "failed", fate: "not-sent", reason: "CHANNEL_DOWN", retryAfterMs: 0 };
const doesNotFit: Report = { type: "failed", fate: "permanent", reason: "CHANNEL_DOES_NOT_FIT", retryAfterMs: 0 };
const times = { notAfter: NOW + 120_000, fallbackAt: NOW + 20_000 };

function first(platform: Delivery["platform"], wanted = code): Delivery {
  return firstWish(
    aLink("a", { platform }),
    { deliveryId: "d1", txId: txIdOf("tx1"), type: "prompt", ...times, wanted },
    NOW,
  );
}

/** Hands out and reports, one report after another. */
function after(delivery: Delivery, ...reports: readonly Report[]): Delivery {
  let [held, now] = [delivery, NOW];
  for (const report of reports) {
    now += 20_000;
    const out = handOut(held, 1, now) as { delivery: Delivery; handed: Handed };
    held = afterReport(out.delivery, out.handed, report, now + 300);
  }
  return held;
}

function told(delivery: Delivery): string[] {
  return timelineOf(delivery).map(
    ({ type, issue, reason }) => `${type} ${issue}${reason === undefined ? "" : ` ${reason}`}`,
  );
}

const PROMPT = ["QUEUED 1", "HANDED 1", "NOTICE_SENT 1", "HANDED 1", "SENT 1"];

test("telegram: notice, code, a new code in its place, the outcome in its place", () => {
  const resent = nextWish(after(first("telegram"), sent, sent), newCode, times, NOW);
  expect(told(resent)).toEqual([...PROMPT, "QUEUED 2"]);
  const ended = nextWish(after(resent, sent), outcome, times, NOW);
  expect(told(after(ended, sent)).slice(5)).toEqual([
    "QUEUED 2",
    "HANDED 2",
    "EDITED 2",
    "QUEUED 0",
    "HANDED 0",
    "EDITED 0",
  ]);
});

test("SMS: each code is a message of its own", () => {
  const resent = nextWish(after(first("sms"), sent), newCode, times, NOW);
  expect(told(after(resent, sent))).toEqual(["QUEUED 1", "HANDED 1", "SENT 1", "QUEUED 2", "HANDED 2", "SENT 2"]);
});

test("SMS: not sent, then unknown, then unknown for good: said once", () => {
  const [, , ...rest] = told(after(first("sms"), notSent, unknown, unknown));
  expect(rest).toEqual(["RETRIED 1 CHANNEL_DOWN", "HANDED 1", "UNKNOWN 1", "HANDED 1", "UNKNOWN 1"]);
});

test("a message that does not fit, and one that nobody reports about", () => {
  expect(told(after(first("matrix"), doesNotFit)).at(-1)).toBe("FAILED 1 CHANNEL_DOES_NOT_FIT");
  const out = handOut(first("matrix"), 1, NOW)?.delivery as Delivery;
  expect(told(afterSilence(out, NOW + 30_000)).at(-1)).toBe("UNKNOWN 1");
});

test("what is no longer wanted, before and after something was shown", () => {
  expect(told(withdrawn(first("sms"), "vetoed", NOW)).at(-1)).toBe("WITHDRAWN 1 vetoed");
  expect(told(givenUp(after(first("sms"), sent), "superseded", NOW)).at(-1)).toBe("WITHDRAWN 0 superseded");
});

test("a later edit that is given up is about no code: that one stands there", () => {
  const warned = nextWish(after(first("telegram"), sent, sent), code, times, NOW);
  const failed = after(warned, doesNotFit);
  expect(failed.state).toBe("SENT");
  expect(told(failed).at(-1)).toBe("FAILED 0 CHANNEL_DOES_NOT_FIT");
});

test("keeps the newest 64; the numbers go on, times never go back", () => {
  let delivery = first("telegram");
  for (let i = 1; i <= 100; i++) delivery = noted(delivery, "RETRIED", NOW + (i === 50 ? -5000 : i), { issue: 1 });
  const events = timelineOf(delivery);
  expect(events).toHaveLength(MOST_EVENTS);
  expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: MOST_EVENTS }, (_of, i) => 38 + i));
  expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((a, b) => a - b));
});

test("a delivery from before has none, and gets its first from now on", () => {
  const { log: _log, logged: _logged, ...old } = first("sms");
  expect(timelineOf(old)).toEqual([]);
  expect(timelineOf(noted(old, "HANDED", NOW, { issue: 1 }))).toMatchObject([{ sequence: 1, type: "HANDED" }]);
});
