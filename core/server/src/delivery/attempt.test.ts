import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { afterLast, afterReport, afterSilence, handOut, type Handed, type Report } from "./attempt.ts";
import type { Delivery, Notice, Wanted } from "./delivery.ts";
import { isOpen } from "./delivery-index.ts";
import { aLink, NOW, txIdOf } from "./testing/entities.ts";
import { firstWish, givenUp, handPhase, nextWish, withdrawn } from "./wish.ts";

const full: Wanted = { phase: "full", issue: { epoch: 1, n: 1 } };
const outcome: Wanted = { phase: "outcome", notice: { type: "EXECUTED", at: NOW }, showsLines: true };

function fresh(over: Partial<Delivery> = {}): Delivery {
  const ids = { deliveryId: "d1", txId: txIdOf("tx1"), type: "prompt" } as const;
  const times = { notAfter: NOW + 120_000, fallbackAt: NOW + 20_000 };
  return { ...firstWish(aLink("a"), { ...ids, ...times, wanted: full }, NOW), ...over };
}

const onMail = { platform: "mail" } as const;
const sending = { state: "SENDING", fence: 1 } as const;
const shown = {
  state: "SENT",
  shown: 1,
  providerId: "m1",
  shownIssue: { epoch: 1, n: 1 },
  mayHoldCode: true,
  fallbackAt: undefined,
} as const;
const edited: Delivery = nextWish(fresh(shown), outcome, { notAfter: NOW + 1_000_000 }, NOW);

const second: Wanted = { phase: "full", issue: { epoch: 1, n: 2 } };
const gone: Report = { type: "failed", fate: "permanent", reason: "CHANNEL_DOWN", retryAfterMs: 0 };
const sent: Report = { type: "sent", providerId: "m1" };
function failed(fate: "not-sent" | "unknown" | "permanent", retryAfterMs = 0): Report {
  return {
    type: "failed",
    fate,
    reason: fate === "permanent" ? "CHANNEL_BLOCKED_BY_USER" : "CHANNEL_DOWN",
    retryAfterMs,
  };
}

interface Row {
  readonly name: string;
  readonly from: Delivery;
  readonly report: Report;
  readonly becomes: Partial<Delivery>;
}

/** docs/protocol/delivery.md section 4: what the report on what is in flight makes of the delivery. */
const ROWS: readonly Row[] = [
  {
    name: "notice accepted: its id is kept, the code is next",
    from: fresh(sending),
    report: sent,
    becomes: { state: "QUEUED", providerId: "m1", shown: 0, mayHoldCode: false, retryAt: NOW },
  },
  {
    name: "notice not sent: again after a second",
    from: fresh(sending),
    report: failed("not-sent"),
    becomes: { state: "QUEUED", attempts: 1, retryAt: NOW + 500 },
  },
  {
    name: "notice unknown: again, a doubled notice is harmless",
    from: fresh(sending),
    report: failed("unknown"),
    becomes: { state: "UNKNOWN", mayHoldCode: false, retryAt: NOW + 500 },
  },
  {
    name: "notice swallowed too often: failed, nothing of a code ever left",
    from: fresh({ ...sending, unknowns: 5 }),
    report: failed("unknown"),
    becomes: { state: "FAILED", reason: "CHANNEL_DOWN", retryAt: undefined },
  },
  {
    name: "notice refused for good: failed",
    from: fresh(sending),
    report: failed("permanent"),
    becomes: { state: "FAILED", reason: "CHANNEL_BLOCKED_BY_USER", retryAt: undefined },
  },
  {
    name: "429: not before the provider's time",
    from: fresh(sending),
    report: failed("not-sent", 35_000),
    becomes: { state: "QUEUED", retryAt: NOW + 35_000 },
  },
  {
    name: "429 beyond the last moment: failed now",
    from: fresh(sending),
    report: failed("not-sent", 120_000),
    becomes: { state: "FAILED", reason: "CHANNEL_DOWN", retryAt: undefined },
  },
  {
    name: "full accepted: SENT, no other channel is needed",
    from: fresh({ ...sending, providerId: "m1" }),
    report: sent,
    becomes: { state: "SENT", shown: 1, shownIssue: { epoch: 1, n: 1 }, mayHoldCode: true, fallbackAt: undefined },
  },
  {
    name: "edit unknown: repeated, an edit shows no second code",
    from: fresh({ ...sending, providerId: "m1", unknowns: 20 }),
    report: failed("unknown"),
    becomes: { state: "UNKNOWN", mayHoldCode: true, retryAt: NOW + 500 },
  },
  {
    name: "mail unknown: once more",
    from: fresh({ ...onMail, ...sending }),
    report: failed("unknown"),
    becomes: { state: "UNKNOWN", mayHoldCode: true, unknowns: 1, retryAt: NOW + 500 },
  },
  {
    name: "mail unknown twice: UNKNOWN for good, never FAILED",
    from: fresh({ ...onMail, ...sending, mayHoldCode: true, unknowns: 1 }),
    report: failed("unknown"),
    becomes: { state: "UNKNOWN", retryAt: undefined },
  },
  {
    name: "mail not sent after an unknown one: still UNKNOWN at the end",
    from: fresh({ ...onMail, ...sending, mayHoldCode: true, unknowns: 1, notAfter: NOW + 100 }),
    report: failed("not-sent"),
    becomes: { state: "UNKNOWN", retryAt: undefined },
  },
  {
    name: "edit after a wrong code refused for good: the code is there all the same",
    from: { ...nextWish(fresh(shown), full, { notAfter: NOW + 120_000 }, NOW), ...sending },
    report: failed("permanent"),
    becomes: { state: "SENT", retryAt: undefined },
  },
  {
    name: "message deleted, then a new code asked for: a message of its own, notice first",
    from: { ...nextWish(fresh(shown), second, { notAfter: NOW + 120_000 }, NOW), ...sending },
    report: gone,
    becomes: { state: "QUEUED", providerId: undefined, attempts: 1, retryAt: NOW },
  },
  {
    name: "and when that one cannot be replaced either: nobody knows, no third message",
    from: { ...nextWish(fresh(shown), second, { notAfter: NOW + 120_000 }, NOW), ...sending, attempts: 1 },
    report: gone,
    becomes: { state: "UNKNOWN", reason: "CHANNEL_DOWN", retryAt: undefined },
  },
  {
    name: "a first message that does not fit: failed, no second notice",
    from: fresh({ ...sending, providerId: "m1" }),
    report: gone,
    becomes: { state: "FAILED", reason: "CHANNEL_DOWN", providerId: "m1" },
  },
  {
    name: "outcome accepted: no code stands in the chat any more",
    from: { ...edited, ...sending },
    report: sent,
    becomes: { state: "SENT", shown: 2, mayHoldCode: false },
  },
  {
    name: "outcome refused for good: failed",
    from: { ...edited, ...sending },
    report: failed("permanent"),
    becomes: { state: "FAILED", reason: "CHANNEL_BLOCKED_BY_USER" },
  },
];

describe("a message after its report", () => {
  test.each(ROWS)("$name", ({ from, report, becomes }) => {
    expect(afterReport(from, inFlight(from), report, NOW)).toMatchObject(becomes);
  });

  test("a report about an older wish tells what stands in the chat and leaves the newer wish alone", () => {
    const flying = fresh({ ...sending, providerId: "m1" });
    const newer = nextWish(flying, { phase: "full", issue: { epoch: 1, n: 2 } }, { notAfter: NOW + 120_000 }, NOW);
    const after = afterReport(newer, inFlight(flying), sent, NOW + 5);
    expect(after).toMatchObject({ state: "QUEUED", wish: 2, shown: 1, shownIssue: { epoch: 1, n: 1 } });
    expect(handPhase(after)).toBe("full");
  });

  test.each([sent, failed("not-sent"), failed("unknown"), failed("permanent")])(
    "a late report on what got there in another try changes nothing: %j",
    (report) => {
      const delivery = fresh(shown);
      expect(afterReport(delivery, { wish: 1, phase: "notice", issue: undefined, hand: 1 }, report, NOW)).toEqual(
        delivery,
      );
      const withCode: Handed = { wish: 1, phase: "full", issue: { epoch: 1, n: 1 }, hand: 1 };
      expect(afterReport(delivery, withCode, report, NOW)).toMatchObject({
        state: "SENT",
        shown: 1,
        mayHoldCode: true,
      });
    },
  );

  test("an outcome is not told to a chat whose notice never arrived", () => {
    const flying = fresh(sending);
    const ended = nextWish(flying, outcome, { notAfter: NOW + 1_000_000 }, NOW);
    expect(afterReport(ended, inFlight(flying), failed("not-sent"), NOW)).toMatchObject({ state: "WITHDRAWN" });
    const arrived = afterReport(ended, inFlight(flying), sent, NOW);
    expect(handPhase(arrived)).toBe("outcome");
  });
});

describe("a message that nobody reports about", () => {
  test("SENDING found after a restart is UNKNOWN and may hold the code", () => {
    expect(afterSilence(fresh({ ...sending, providerId: "m1" }), NOW)).toMatchObject({
      state: "UNKNOWN",
      mayHoldCode: true,
    });
    expect(afterSilence(fresh(sending), NOW)).toMatchObject({ state: "UNKNOWN", mayHoldCode: false });
    expect(afterSilence(fresh(), NOW)).toEqual(fresh());
  });

  test("past notAfter a code that never left is FAILED, one that may have left is UNKNOWN", () => {
    expect(afterLast(fresh(), NOW)).toMatchObject({ state: "FAILED", reason: "CHANNEL_DOWN", retryAt: undefined });
    expect(afterLast(fresh({ mayHoldCode: true }), NOW)).toMatchObject({ state: "UNKNOWN", retryAt: undefined });
    expect(afterLast(fresh({ ...sending, providerId: "m1" }), NOW)).toMatchObject({
      state: "UNKNOWN",
      retryAt: undefined,
    });
  });
});

describe("handing out", () => {
  test.each([
    ["telegram: the notice first", fresh(), "notice"],
    ["telegram: then the code, in its place", fresh({ providerId: "m1" }), "full"],
    ["mail: at once", fresh(onMail), "full"],
    ["outcome", edited, "outcome"],
    ["shown already", fresh(shown), undefined],
    ["not before retryAt", fresh({ retryAt: NOW + 1 }), undefined],
    ["withdrawn", withdrawn(fresh(), "expired", NOW), undefined],
    ["given up", givenUp(fresh(), "CHANNEL_DOWN", NOW), undefined],
  ])("%s", (_name, delivery, phase) => {
    expect(handOut(delivery, 7, NOW)?.handed.phase).toBe(phase);
  });

  test("names fence and issue", () => {
    const out = handOut(fresh({ providerId: "m1" }), 7, NOW);
    expect(out?.delivery).toMatchObject({ state: "SENDING", fence: 7 });
    expect(out?.handed).toEqual({ wish: 1, phase: "full", issue: { epoch: 1, n: 1 }, hand: 1 });
  });
});

test("whatever is wished and reported, what may hold a code never ends FAILED while the code is wanted", () => {
  const fate = fc.constantFrom("not-sent", "unknown", "permanent", "sent", "silence", "resent", "wrong code");
  fc.assert(
    fc.property(
      fc.array(fate, { maxLength: 12 }),
      fc.constantFrom("telegram", "mail", "matrix"),
      (events, platform) => {
        let delivery = fresh({ platform });
        let now = NOW;
        let left = false;
        for (const event of events) {
          now += 1000;
          const notice: Notice = { type: "WRONG_CODE", at: now };
          const out = handOut({ ...delivery, retryAt: delivery.retryAt === undefined ? undefined : now }, 1, now);
          if (event === "resent" || event === "wrong code") {
            const n = delivery.wanted.phase === "full" ? delivery.wanted.issue.n + (event === "resent" ? 1 : 0) : 1;
            delivery = nextWish(
              delivery,
              { ...full, issue: { epoch: 1, n }, notice },
              { notAfter: NOW + 120_000 },
              now,
            );
          } else if (out !== undefined) {
            const code = out.handed.phase === "full";
            left ||= code && (event === "sent" || event === "unknown" || event === "silence");
            delivery =
              event === "silence"
                ? afterSilence(out.delivery, now)
                : afterReport(out.delivery, out.handed, reportOf(event), now);
          }
        }
        delivery = isOpen(delivery) ? afterLast(delivery, now) : delivery;
        expect(delivery.mayHoldCode).toBe(left);
        expect(left && delivery.state === "FAILED").toBe(false);
      },
    ),
  );
});

function reportOf(event: "not-sent" | "unknown" | "permanent" | "sent"): Report {
  return event === "sent" ? sent : failed(event);
}

function inFlight(delivery: Delivery): Handed {
  const phase = handPhase(delivery);
  if (phase === undefined) throw new Error("nothing is in flight");
  const issue = phase === "full" && delivery.wanted.phase === "full" ? delivery.wanted.issue : undefined;
  return { wish: delivery.wish, phase, issue, hand: delivery.hands ?? 0 };
}
