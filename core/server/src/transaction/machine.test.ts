import { readFileSync } from "node:fs";
import { RejectReason } from "@countersign/protocol";
import { describe, expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import { EVENTS, outcomeOf } from "../testing/event-fixture.ts";
import { APP, DIGEST, LEASE_MS, leaseOf, NOW, STANDINGS } from "../testing/transaction-fixture.ts";
import type { TransactionEvent } from "./event.ts";
import { step } from "./machine.ts";
import type { Effect, Transaction } from "./transaction.ts";

const DOCUMENT = readFileSync(new URL("../../../../docs/protocol/states.md", import.meta.url), "utf8");

interface Cell {
  readonly standing: string;
  readonly event: string;
  readonly expected: string;
}

/** The tables of section 2, cell by cell. */
function cells(): Cell[] {
  const section = DOCUMENT.split("\n## ").find((one) => one.startsWith("2.")) ?? "";
  const tables = section.split("\n\n").filter((block) => block.startsWith("| event |"));
  return tables.flatMap((table) => {
    const [head = [], , ...rows] = table.trim().split("\n").map(columns);
    return rows.flatMap(([event = "", ...outcomes]) =>
      outcomes.map((expected, i) => ({ standing: head[i + 1] ?? "", event, expected })),
    );
  });
}

function columns(line: string): string[] {
  return line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
}

describe("check 13: the full state × event matrix", () => {
  test("check 13: the document has a cell for every standing and event", () => {
    const wanted = Object.keys(STANDINGS).flatMap((standing) =>
      Object.keys(EVENTS).map((event) => `${standing}: ${event}`),
    );
    expect(
      cells()
        .map(({ standing, event }) => `${standing}: ${event}`)
        .toSorted(),
    ).toEqual(wanted.toSorted());
  });

  test.each(cells())("check 13: $standing, $event -> $expected", ({ standing, event, expected }) => {
    const before = STANDINGS[standing as keyof typeof STANDINGS];
    const happening = EVENTS[event];
    if (happening === undefined) throw new Error(`the document names an unknown event: ${event}`);
    const outcome = outcomeOf(before, step(before, happening.event, happening.at ?? NOW));
    expect(outcome).toBe(expected === "·" ? "STATE_CONFLICT" : expected);
  });
});

function after(
  before: Transaction,
  event: TransactionEvent,
  now: number,
): { of: Transaction; effects: readonly Effect[] } {
  const stepped = step(before, event, now);
  if (isRefusal(stepped)) throw new Error(`${stepped.refused}: ${stepped.message}`);
  return { of: stepped.transaction, effects: stepped.effects };
}

const claimed = { type: "claimed", claimId: "other", appId: APP, txDigest: DIGEST, leaseMs: LEASE_MS } as const;

describe("time", () => {
  test.each([
    ["PENDING", STANDINGS.PENDING.expiresAt],
    ["CONFIRMED", STANDINGS.CONFIRMED.claimBy],
  ] as const)("%s ends at its moment and not before", (standing, moment) => {
    const event = { type: "time-came" } as const;
    expect(after(STANDINGS[standing], event, moment - 1).of.state).toBe(standing);
    expect(after(STANDINGS[standing], event, moment).of.state).toBe("EXPIRED");
  });

  test.each(["statement-accepted", "vetoed", "cancelled", "claimed"] as const)(
    "%s after the end is EXPIRED or recorded, whether or not the sweeper came by",
    (type) => {
      const happening = Object.values(EVENTS).find(({ event }) => event.type === type);
      if (happening === undefined) throw new Error(`no event ${type}`);
      const late = STANDINGS.PENDING.expiresAt;
      const swept = after(STANDINGS.PENDING, { type: "time-came" }, late).of;
      const unswept = outcomeOf(STANDINGS.PENDING, step(STANDINGS.PENDING, happening.event, late));
      const outcome = outcomeOf(swept, step(swept, happening.event, late));
      expect(unswept).toBe(outcome === "same" ? "EXPIRED" : outcome);
    },
  );
});

describe("check 14: leases and fences", () => {
  const { EXECUTING, CONFIRMED } = STANDINGS;
  const lapse = NOW + LEASE_MS;

  test("check 14: a lease lapsed before Begin is claimable by anybody with fence + 1", () => {
    const { of } = after(EXECUTING, { ...claimed, idempotent: false }, lapse);
    expect(of).toMatchObject({ state: "EXECUTING", begun: false, lease: { fence: 2, claimId: "other" } });
    expect(step(EXECUTING, { ...claimed, idempotent: false }, lapse - 1)).toMatchObject({ refused: "STATE_CONFLICT" });
  });

  test("check 14: once it lapsed before Begin the user may veto again", () => {
    const veto = { type: "vetoed", reason: RejectReason.WRONG_DATA, onKey: false, mayFreeze: true } as const;
    expect(after(EXECUTING, veto, lapse).of.state).toBe("REJECTED");
  });

  test("check 14: begun and lapsed is EXECUTION_UNKNOWN, also for the same claim_id", () => {
    const begun = { ...EXECUTING, begun: true };
    const again = { ...claimed, claimId: "claim 1", idempotent: true };
    expect(step(begun, again, lapse)).toMatchObject({
      refused: "STATE_CONFLICT",
      metadata: { state: "EXECUTION_UNKNOWN" },
    });
    expect(after(begun, { type: "time-came" }, lapse).of.state).toBe("EXECUTION_UNKNOWN");
  });

  test("check 14: an idempotent executor takes a begun one over under fence + 1, for so long", () => {
    const begun = { ...EXECUTING, begun: true, lease: leaseOf({ idempotent: true }) };
    const { of } = after(begun, { ...claimed, idempotent: true }, lapse);
    expect(of).toMatchObject({ begun: true, lease: { fence: 2 } });
    expect(step(begun, { ...claimed, idempotent: false }, lapse)).toMatchObject({ refused: "STATE_CONFLICT" });
    expect(after(begun, { type: "time-came" }, lapse + 600_000).of.state).toBe("EXECUTION_UNKNOWN");
  });

  test("check 14: a report under the current fence counts after the lapse, under an old one never", () => {
    const report = { type: "reported", appId: APP, outcome: "EXECUTED", detail: "" } as const;
    const late = lapse + 3_600_000;
    expect(after({ ...EXECUTING, begun: true }, { ...report, fence: 1 }, late).of.state).toBe("EXECUTED");
    const taken = after(EXECUTING, { ...claimed, idempotent: false }, lapse).of;
    expect(step(taken, { ...report, fence: 1 }, late)).toMatchObject({ refused: "STALE_FENCE" });
  });

  test("claimBy passed while a lease lapsed: EXPIRED", () => {
    const renewed = after(EXECUTING, { type: "renewed", appId: APP, fence: 1, leaseMs: 700_000 }, NOW).of;
    expect(step(renewed, { ...claimed, idempotent: false }, NOW + 700_000)).toMatchObject({ refused: "EXPIRED" });
  });

  test("confirming offers it, and tells the chat until when it may be vetoed", () => {
    const accepted = { type: "statement-accepted", confirmation: CONFIRMED.confirmation } as const;
    const { of, effects } = after(STANDINGS.PENDING, accepted, NOW);
    expect(of).toMatchObject({ state: "CONFIRMED", claimBy: NOW + 600_000 });
    expect(effects.map(({ type }) => type)).toEqual(["notify", "reset-wrong-codes", "release-slot", "offer"]);
  });

  test("the core's own kinds are carried out in the confirming step", () => {
    const accepted = { type: "statement-accepted", confirmation: CONFIRMED.confirmation } as const;
    const { of, effects } = after({ ...STANDINGS.PENDING, action: { type: "thaw" } }, accepted, NOW);
    expect(of).toMatchObject({ state: "EXECUTED", lease: { appId: "core" } });
    expect(effects).toContainEqual({ type: "act", action: { type: "thaw" } });
  });
});

describe("tries", () => {
  const none = { ...STANDINGS.PENDING, triesLeft: 0 };
  test.each([
    ["wrong-code", { type: "wrong-code" }, "LOCKED"],
    ["superseded", { type: "code-superseded", epochChanged: false }, "LOCKED"],
    ["superseded by the epoch", { type: "code-superseded", epochChanged: true }, "PENDING"],
    ["lost", { type: "tries-lost" }, "LOCKED"],
  ] as const)("check 05: the last try, %s", (_name, event, state) => {
    expect(after(none, event, NOW).of.state).toBe(state);
  });

  test("check 05: no try is counted when none is left", () => {
    expect(step(none, { type: "try-counted" }, NOW)).toMatchObject({ refused: "LOCKED" });
  });
});

describe("veto", () => {
  const notMe = { type: "vetoed", reason: RejectReason.NOT_ME, onKey: false, mayFreeze: true } as const;

  test.each(Object.keys(STANDINGS))("not me freezes once in %s", (standing) => {
    const first = after(STANDINGS[standing as keyof typeof STANDINGS], notMe, NOW);
    expect(first.effects.map(({ type }) => type)).toContain("freeze-user");
    const second = after(first.of, notMe, NOW);
    expect(second.of).toBe(first.of);
    expect(second.effects).toEqual([]);
  });

  test("a bot above the normal rate of vetoes rejects and freezes nobody", () => {
    const { of, effects } = after(STANDINGS.PENDING, { ...notMe, mayFreeze: false }, NOW);
    expect(of.state).toBe("REJECTED");
    expect(effects.map(({ type }) => type)).not.toContain("freeze-user");
  });
});

describe("resend", () => {
  test("check 18: at least 60 s apart, at most 3, each superseding the last", () => {
    let of: Transaction = { ...STANDINGS.PENDING, expiresAt: NOW + 600_000, lastIssueAt: NOW };
    let now = NOW;
    for (let n = 1; n <= 3; n++) {
      expect(step(of, { type: "resent", epoch: 1 }, now + 59_999)).toMatchObject({
        refused: "RATE_LIMITED",
        retryAfterMs: 1,
      });
      now += 60_000;
      of = after(of, { type: "resent", epoch: 1 }, now).of;
      expect(of.issue).toEqual({ epoch: 1, n: n + 1 });
      expect(of.superseded.at(-1)).toEqual({ epoch: 1, n });
    }
    expect(step(of, { type: "resent", epoch: 1 }, now + 60_000)).toMatchObject({ refused: "RATE_LIMITED" });
  });

  test("a new epoch issues anew outside the limit, an old one is refused", () => {
    const of = { ...STANDINGS.PENDING, resends: 3 };
    expect(after(of, { type: "reissued", epoch: 2 }, NOW).of.issue).toEqual({ epoch: 2, n: 2 });
    expect(step(of, { type: "reissued", epoch: 0 }, NOW)).toMatchObject({ refused: "STATE_CONFLICT" });
    expect(after(of, { type: "reissued", epoch: 1 }, NOW).of).toBe(of);
  });
});
