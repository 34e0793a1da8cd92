import { describe, expect, test } from "@jest/globals";
import { Kind } from "@countersign/protocol";
import { eligibleLinks, isAllowed, isReachable } from "./eligible.ts";
import type { Delivery } from "./delivery.ts";
import { alertWrites, maySeeLines } from "./plan.ts";
import { aLink, aPolicy, aTransaction, NOW } from "./testing/entities.ts";

const matrix = aLink("matrix", { platform: "matrix", peerIdentity: "A".repeat(43) });
const plain = aLink("plain matrix", { platform: "matrix" });
const telegram = aLink("telegram");
const sms = aLink("sms", { platform: "sms" });
const all = [sms, telegram, plain, matrix];

describe("check 24: the code goes to no channel below the assurance of its transaction", () => {
  test.each([
    [undefined, [sms, telegram, plain, matrix]],
    ["low", [sms, telegram, plain, matrix]],
    ["medium", [telegram, plain, matrix]],
    ["high", [matrix]],
  ] as const)("%s", (assurance, expected) => {
    const policy = aPolicy(assurance === undefined ? {} : { assurance });
    expect(eligibleLinks(aTransaction({ policy }), all, NOW)).toEqual(expected);
  });

  test("whoever blocks the best channel gets nothing sent to a weaker one", () => {
    const blocked = { ...matrix, state: "DEAD" } as const;
    const policy = aPolicy({ assurance: "high" });
    expect(eligibleLinks(aTransaction({ policy }), [blocked, telegram, sms], NOW)).toEqual([]);
  });

  test("a THAW passes: a user can always free himself", () => {
    const policy = aPolicy({ assurance: "high" });
    expect(eligibleLinks(aTransaction({ kind: Kind.THAW, policy }), all, NOW)).toEqual(all);
  });
});

test("lines show where the code may go", () => {
  const policy = aPolicy({ assurance: "medium", channels: ["sms", "telegram"] });
  expect([sms, telegram, matrix].map((link) => isAllowed(link, policy))).toEqual([false, true, false]);
});

test("so do outcomes and alarms: a chat below the assurance is told the tag alone", () => {
  const transaction = aTransaction({ policy: aPolicy({ assurance: "high" }), mode: "B" });
  expect(all.map((link) => maySeeLines(link, transaction))).toEqual([false, false, false, true]);
  const alert = { event: "e", notice: { type: "TAMPERED", at: NOW }, transaction } as const;
  const [wanted] = alertWrites([telegram], alert, NOW).map(({ body }) => (body as Delivery).wanted);
  expect(wanted).toMatchObject({ phase: "alert", showsLines: false });
});

test("check 20: a suspended chat is handed nothing, not even the LINK that is about it", () => {
  const lost = aLink("lost", { state: "SUSPENDED" });
  expect(eligibleLinks(aTransaction(), [lost], NOW)).toEqual([]);
  expect(eligibleLinks(aTransaction({ kind: Kind.THAW }), [lost], NOW)).toEqual([]);
  expect(isReachable(lost, aTransaction())).toBe(false);
  expect(isReachable(lost, { action: { type: "link", linkId: lost.linkId } })).toBe(false);
});
