import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { isRefusal } from "../rpc/refusal.ts";
import {
  AGREE_WITHIN_MS,
  isLive,
  standingOf,
  stepRecovery,
  USE_WITHIN_MS,
  type Recovery,
  type RecoveryEvent,
} from "./recovery.ts";

const DOCUMENT = readFileSync(new URL("../../../../docs/protocol/recovery.md", import.meta.url), "utf8");

const NOW = 1_800_000_000_000;
const HOLD = 24 * 3_600_000;
const ASKER = "aa".repeat(16);
const OTHER = "bb".repeat(16);
const THIRD = "cc".repeat(16);
const KEY = "11".repeat(16);

const asked = {
  recoveryId: "ab".repeat(16),
  reason: "lost",
  askedBy: ASKER,
  askedAt: NOW - 1,
  expiresAt: NOW + AGREE_WITHIN_MS,
};
const approval = { approvedBy: OTHER, readyAt: NOW + HOLD };
const held: Recovery = { ...asked, ...approval, state: "HELD", expiresAt: NOW + HOLD + USE_WITHIN_MS };

const STANDINGS: Readonly<Record<string, Recovery>> = {
  REQUESTED: { ...asked, state: "REQUESTED" },
  HELD: held,
  READY: { ...held, readyAt: NOW },
  STOPPED: { ...asked, state: "STOPPED", at: NOW - 1 },
  USED: { ...held, readyAt: NOW - 2, state: "USED", at: NOW - 1, keyId: KEY },
  "LAPSED unapproved": { ...asked, state: "REQUESTED", expiresAt: NOW },
  "LAPSED unused": { ...held, readyAt: NOW - 2, expiresAt: NOW },
};

const EVENTS: Readonly<Record<string, RecoveryEvent>> = {
  "approved by another": { type: "approved", by: OTHER, holdMs: HOLD },
  "approved by a third": { type: "approved", by: THIRD, holdMs: HOLD },
  "approved by the asker": { type: "approved", by: ASKER, holdMs: HOLD },
  stopped: { type: "stopped" },
  used: { type: "used", keyId: KEY },
  "used by another key": { type: "used", keyId: "22".repeat(16) },
};

interface Cell {
  readonly standing: string;
  readonly event: string;
  readonly expected: string;
}

/** The table of section 2, cell by cell. */
function cells(): Cell[] {
  const table = DOCUMENT.split("\n\n").find((block) => block.startsWith("| event |")) ?? "";
  const [head = [], , ...rows] = table
    .trim()
    .split("\n")
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  return rows.flatMap(([event = "", ...outcomes]) =>
    outcomes.map((expected, at) => ({ standing: head[at + 1] ?? "", event, expected })),
  );
}

describe("check 19: the full standing × event matrix of a recovery", () => {
  test("check 19: the document has a cell for every standing and event", () => {
    const wanted = Object.keys(STANDINGS).flatMap((one) => Object.keys(EVENTS).map((event) => `${one}: ${event}`));
    expect(
      cells()
        .map(({ standing, event }) => `${standing}: ${event}`)
        .toSorted(),
    ).toEqual(wanted.toSorted());
  });

  test.each(cells())("check 19: $standing, $event -> $expected", ({ standing, event, expected }) => {
    const before = STANDINGS[standing];
    const happening = EVENTS[event];
    if (before === undefined || happening === undefined) throw new Error("the document names what there is not");
    const after = stepRecovery(before, happening, NOW);
    const outcome = isRefusal(after) ? after.refused : after === before ? "–" : standingOf(after, NOW);
    expect(outcome).toBe(expected === "·" ? "STATE_CONFLICT" : expected);
  });
});

describe("time", () => {
  test("check 19: the hold ends at its moment and not before", () => {
    expect(standingOf(held, NOW + HOLD - 1)).toBe("HELD");
    expect(stepRecovery(held, { type: "used", keyId: KEY }, NOW + HOLD - 1)).toMatchObject({
      refused: "STATE_CONFLICT",
      metadata: { state: "HELD" },
    });
    expect(stepRecovery(held, { type: "used", keyId: KEY }, NOW + HOLD)).toMatchObject({ state: "USED" });
  });

  test("check 19: it can be stopped until the last second it could be used", () => {
    const last = held.expiresAt - 1;
    expect(stepRecovery(held, { type: "stopped" }, last)).toMatchObject({ state: "STOPPED" });
    expect(stepRecovery(held, { type: "used", keyId: KEY }, last)).toMatchObject({ state: "USED" });
    expect(stepRecovery(held, { type: "used", keyId: KEY }, last + 1)).toMatchObject({ refused: "STATE_CONFLICT" });
  });

  test("the hold runs from the second yes, not from the first", () => {
    const late = NOW + AGREE_WITHIN_MS - 1;
    const event = { type: "approved", by: OTHER, holdMs: HOLD } as const;
    const after = stepRecovery({ ...asked, state: "REQUESTED" }, event, late);
    expect(after).toMatchObject({ state: "HELD", readyAt: late + HOLD, expiresAt: late + HOLD + USE_WITHIN_MS });
  });
});

test.each([
  ["REQUESTED", true],
  ["HELD", true],
  ["READY", true],
  ["STOPPED", false],
  ["USED", false],
  ["LAPSED unapproved", false],
  ["LAPSED unused", false],
])("%s is under way: %s", (standing, live) => {
  const of = STANDINGS[standing];
  expect(of !== undefined && isLive(of, NOW)).toBe(live);
});
