import { describe, expect, test } from "@jest/globals";
import type { AuditDraft } from "../store/store.ts";
import { happeningsOf } from "./happening.ts";

const draft = (event: string, detail: AuditDraft["detail"] = {}, subject = "transaction:1"): AuditDraft => ({
  ...{ event, tenant: "bank", actor: "key:1", subject, detail },
});
const of = (event: string, detail?: AuditDraft["detail"], subject?: string): unknown =>
  happeningsOf([draft(event, detail, subject)]);

const outcomes = (event: string, detail: AuditDraft["detail"]): unknown =>
  happeningsOf([draft(event, { platform: "telegram", ...detail })]).map((found) =>
    found.type === "delivery" ? `${found.channel} ${found.outcome}` : found,
  );

describe("transactions", () => {
  test("one that is made is PENDING", () => {
    expect(of("transaction.created", { kind: 1, mode: "B", digest: "" })).toEqual([
      { type: "transaction", state: "PENDING" },
    ]);
  });
  test("a step counts where it leads to another state", () => {
    expect(of("execution.reported", { from: "EXECUTING", state: "EXECUTED" })).toEqual([
      { type: "transaction", state: "EXECUTED" },
    ]);
    expect(of("code.reissued", { from: "PENDING", state: "PENDING" })).toEqual([]);
  });
  test("states of users, keys and deliveries are no transaction's", () => {
    expect(of("key.changed", { from: "PENDING", state: "EXPIRED" }, "key:1")).toEqual([]);
    expect(of("delivery.sending", { from: "PENDING", state: "EXPIRED", platform: "sms" })).toEqual([]);
  });
  test("a state that nobody knows is not counted", () => {
    expect(of("transaction.time-came", { from: "PENDING", state: "erika" })).toEqual([]);
  });
});

describe("statements and verdicts", () => {
  test("each statement counts once, compared or not", () => {
    expect(of("statement.counted", { from: "PENDING", state: "PENDING" })).toEqual([
      { type: "statement", compared: true },
    ]);
    expect(of("statement.received")).toEqual([{ type: "statement", compared: false }]);
  });
  test.each([
    ["statement.accepted", { from: "PENDING", state: "CONFIRMED" }, "ACCEPTED"],
    ["statement.tampered", { from: "PENDING", state: "TAMPERED" }, "TAMPERED"],
    ["statement.lost", { from: "PENDING", state: "LOCKED" }, "LOCKED"],
    ["statement.refused", { reason: "WRONG_CODE", from: "PENDING", state: "PENDING" }, "WRONG_CODE"],
    ["statement.refused", { reason: "WRONG_CODE", from: "PENDING", state: "LOCKED" }, "LOCKED"],
    ["statement.refused", { reason: "UNKNOWN_KEY" }, "UNKNOWN_KEY"],
    ["statement.refused", { reason: "cs_app_secret" }, "other"],
    ["transaction.vetoed", { onKey: true, from: "PENDING", state: "REJECTED" }, "REJECTED"],
  ] as const)("%s %j is the verdict %s", (event, detail, reason) => {
    expect(of(event, detail)).toContainEqual({ type: "verdict", reason });
  });
  test("a veto in the chat is no verdict", () => {
    expect(of("transaction.vetoed", { onKey: false, from: "PENDING", state: "REJECTED" })).toEqual([
      { type: "transaction", state: "REJECTED" },
    ]);
  });
});

describe("deliveries", () => {
  test.each([
    ["delivery.handed", { from: "QUEUED", state: "SENDING" }, ["telegram handed"]],
    // The notice arrived, and its full message is handed out in the same commit.
    ["delivery.handed", { from: "SENDING", state: "SENDING", report: "sent" }, ["telegram sent", "telegram handed"]],
    ["delivery.sent", { from: "SENDING", state: "SENT", report: "sent" }, ["telegram sent"]],
    ["delivery.queued", { from: "SENDING", state: "QUEUED", report: "not-sent" }, ["telegram not-sent"]],
    ["delivery.unknown", { from: "SENDING", state: "UNKNOWN", report: "unknown" }, ["telegram unknown"]],
    [
      "delivery.failed",
      { from: "SENDING", state: "FAILED", report: "permanent" },
      ["telegram permanent", "telegram given-up"],
    ],
    ["delivery.failed", { from: "FAILED", state: "FAILED" }, []],
    ["delivery.withdrawn", { from: "QUEUED", state: "WITHDRAWN" }, []],
    ["delivery.receipt", { from: "SENT", state: "SENT", reached: true }, ["telegram reached"]],
    ["delivery.receipt", { from: "SENT", state: "UNKNOWN", reached: false }, ["telegram lost"]],
    ["delivery.due", { from: "SENDING", state: "UNKNOWN" }, ["telegram silent"]],
    ["delivery.due", { from: "UNKNOWN", state: "UNKNOWN" }, []],
    ["delivery.due", { from: "QUEUED", state: "FAILED" }, ["telegram given-up"]],
    ["delivery.sent", { platform: "erika@example.org", report: "sent" }, ["other sent"]],
    ["delivery.sent", { report: "123456" }, []],
  ] as const)("%s %j", (event, detail, expected) => {
    expect(outcomes(event, detail)).toEqual(expected);
  });
});

test("what is not counted is nothing", () => {
  expect(happeningsOf([draft("key.enrolled", { user: "erika", state: "ACTIVE" }, "key:1")])).toEqual([]);
});

test("tries to post a webhook count by what became of them, and by a result of the closed list", () => {
  const detail = { id: "evt_1", type: "transaction.executed", attempts: 1, result: "5xx", status: 503 };
  expect(of("webhook.failed", detail, "webhook:1")).toEqual([{ type: "webhook", outcome: "failed", result: "5xx" }]);
  const strange = { ...detail, result: "https://somebody.example" };
  expect(of("webhook.dead", strange, "webhook:1")).toEqual([{ type: "webhook", outcome: "dead", result: "other" }]);
  expect(of("webhook.queued", { count: 3 }, "webhook:1")).toEqual([]);
  expect(of("webhook.gone", { status: 410 }, "webhook:1")).toEqual([{ type: "webhook-gone" }]);
});
