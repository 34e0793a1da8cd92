import { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import { expect, test } from "@jest/globals";
import { isAct, kindOf, sightingOf, WATCHED_EVENTS } from "./alert-of-event.ts";

const event = (name: string, detail: object = {}, more: Partial<AuditEvent> = {}): AuditEvent =>
  AuditEvent.create({ event: name, detailJson: JSON.stringify(detail), subject: "transaction:0a", ...more });

test.each([
  ["statement.tampered", { state: "TAMPERED" }, "tampered"],
  ["statement.refused", { from: "PENDING", state: "LOCKED" }, "locked"],
  ["statement.counted", { from: "PENDING", state: "LOCKED" }, "locked"],
  ["statement.lost", { from: "PENDING", state: "LOCKED" }, "locked"],
  ["statement.refused", { from: "PENDING", state: "PENDING" }, undefined],
  ["statement.refused", { from: "LOCKED", state: "LOCKED" }, undefined],
  ["transaction.undeliverable", {}, "undeliverable"],
  ["delivery.failed", { reason: "CHANNEL_DOWN" }, "dead-letters"],
  ["bot.veto-alarm", {}, "veto-alarm"],
  ["audit.sealed", { number: 7, root: "00" }, "sealed"],
  ["audit.contradicted", { signedSeq: 9, lastSeq: 4 }, "integrity"],
  ["change.requested", {}, "acts"],
  ["admin.invited", {}, "acts"],
  ["policy.changed", {}, "acts"],
  ["user.frozen", {}, undefined],
  ["token.issued", {}, undefined],
  ["statement.accepted", {}, undefined],
])("%s %j is told as %s", (name, detail, kind) => {
  expect(kindOf(event(name, detail))).toBe(kind);
  const isAsked = WATCHED_EVENTS.some((one) => (one.endsWith(".") ? name.startsWith(one) : one === name));
  expect(isAsked || kind === undefined).toBe(true);
});

test("an alert names no user, whatever the event says of one", () => {
  const told = sightingOf(event("transaction.undeliverable", {}, { subject: "user:max.m" }), 1);
  expect(JSON.stringify(told)).not.toContain("max");
  const act = sightingOf(
    event("change.requested", { user: "max.m" }, { actor: "admin:bob", subject: "user:max.m" }),
    1,
  );
  expect(act?.about).toBe("change.requested admin:bob");
});

test("a head is told by its number and root, a contradiction by its chain", () => {
  const sealed = event("audit.sealed", { number: 7, root: "ab".repeat(32) }, { subject: "audit-head:7" });
  expect(sightingOf(sealed, 1)?.about).toBe(`#7 ${"ab".repeat(32)}`);
  const contradicted = event("audit.contradicted", { signedSeq: 9, lastSeq: 4 }, { subject: "shard:5" });
  expect(sightingOf(contradicted, 1)?.about).toBe("shard:5");
});

test("what cannot be read is no alarm and no error", () => {
  expect(kindOf(AuditEvent.create({ event: "statement.refused", detailJson: "{" }))).toBeUndefined();
  expect(kindOf(AuditEvent.create({ event: "statement.refused", detailJson: "null" }))).toBeUndefined();
});

test("the core takes at most 32 filters", () => {
  expect(WATCHED_EVENTS.length).toBeLessThanOrEqual(32);
  expect(new Set(WATCHED_EVENTS).size).toBe(WATCHED_EVENTS.length);
});

test("/audit shows what administrators did, not what users do", () => {
  expect(["change.requested", "bot.paused", "user.frozen"].every((name) => isAct({ event: name }))).toBe(true);
  expect(["statement.tampered", "delivery.failed", "bot.veto-alarm"].some((name) => isAct({ event: name }))).toBe(
    false,
  );
});
