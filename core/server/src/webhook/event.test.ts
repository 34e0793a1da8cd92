import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SHARDS } from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";
import { bodyOf, EVENT_TYPES, eventsOfEntry, isEventFilter, isWanted, matches, placeOf, webhookIdOf } from "./event.ts";

const TENANT = "aa".repeat(16);
const TX = "0b".repeat(16);
const draft = (change: Partial<AuditDraft>): AuditDraft => ({
  ...{ event: "execution.reported", tenant: TENANT, actor: "app:1", subject: `transaction:${TX}` },
  ...{ detail: { from: "EXECUTING", state: "EXECUTED", version: 5 }, ...change },
});
const entry = (...events: AuditDraft[]): AuditEntry => ({
  ...{ shard: 11, epoch: 1, seq: 7, at: 1_700_000_000_000, changeId: "", events, versions: [] },
  ...{ previous: new Uint8Array(), hash: new Uint8Array() },
});

describe("what is told", () => {
  test("a transaction that moved, by its new state, with its version", () => {
    const [event, ...others] = eventsOfEntry(entry(draft({})));
    expect(others).toEqual([]);
    expect(event).toEqual({
      ...{ id: "evt_00b00000000000070000", type: "transaction.executed", at: 1_700_000_000_000, tenantId: TENANT },
      ...{ transactionId: TX, state: "EXECUTED", version: 5, test: false },
    });
    expect(bodyOf(event!)).toBe(
      `{"id":"evt_00b00000000000070000","type":"transaction.executed","timestamp":"2023-11-14T22:13:20.000Z",` +
        `"data":{"tenant_id":"${TENANT}","transaction_id":"${TX}","state":"EXECUTED","version":5}}`,
    );
  });

  test("a creation", () => {
    const created = draft({ event: "transaction.created", detail: { kind: 1, mode: "B", digest: "ff" } });
    expect(eventsOfEntry(entry(created))).toMatchObject([
      { type: "transaction.created", state: "PENDING", version: 0 },
    ]);
  });

  test.each([
    ["a step that changed no state", { detail: { from: "PENDING", state: "PENDING", version: 2 } }],
    ["a message of a bot", { event: "delivery.handed", detail: { from: "QUEUED", state: "EXECUTED" } }],
    ["a user", { subject: "user:erika" }],
    ["a state that nobody knows", { detail: { from: "PENDING", state: "__proto__" } }],
    ["no state at all", { detail: {} }],
    ["a subject that only begins so", { subject: `transaction:${TX}:more` }],
  ])("not %s", (_what, change) => {
    expect(eventsOfEntry(entry(draft(change)))).toEqual([]);
  });

  test("nothing of an event's further facts is in a body", () => {
    const detail = { from: "PENDING", state: "REJECTED", version: 2, reason: "canary-1", code: "canary-2" };
    const [event] = eventsOfEntry(entry(draft({ detail })));
    expect(JSON.stringify(event) + bodyOf(event!)).not.toContain("canary");
  });
});

test("ids name places, each one place, and nothing else is an id", () => {
  const place = fc.record({
    shard: fc.integer({ min: 0, max: SHARDS - 1 }),
    seq: fc.integer({ min: 1, max: 2 ** 52 - 1 }),
    index: fc.integer({ min: 0, max: 0xffff }),
  });
  fc.assert(fc.property(place, (at) => expect(placeOf(webhookIdOf(at))).toEqual(at)));
  for (const other of [
    "",
    "evt_",
    "evt_test_00",
    "EVT_00b00000000000070000",
    "evt_4000000000000007000",
    "evt_00b00000000000070000 ",
  ])
    expect(placeOf(other)).toBeUndefined();
});

test("a tenant's events alone, by whole names or beginnings", () => {
  const [event] = eventsOfEntry(entry(draft({})));
  const of = { endpointId: "e", tenantId: TENANT, events: [] };
  expect(isWanted(of, event!)).toBe(true);
  expect(isWanted({ ...of, tenantId: "bb".repeat(16) }, event!)).toBe(false);
  expect(matches(["transaction."], "transaction.executed")).toBe(true);
  expect(matches(["transaction.execut"], "transaction.executed")).toBe(false);
  expect(EVENT_TYPES.every((type) => isEventFilter(type))).toBe(true);
  for (const bad of ["", ".", "transaction", "transaction.nothing", "user."]) expect(isEventFilter(bad)).toBe(false);
});

test("a test is told as one, to the endpoint that it is for", () => {
  const detail = { id: "evt_test_1", type: "transaction.rejected", transaction: TX, endpoint: "e" };
  const [event] = eventsOfEntry(entry(draft({ event: "webhook.tested", subject: "webhook:e", detail })));
  expect(event).toMatchObject({ id: "evt_test_1", test: true, only: "e", state: "REJECTED" });
  expect(JSON.parse(bodyOf(event!))).toMatchObject({ test: true, type: "transaction.rejected" });
  const of = { tenantId: TENANT, events: ["transaction.executed"] };
  expect([isWanted({ ...of, endpointId: "e" }, event!), isWanted({ ...of, endpointId: "f" }, event!)]).toEqual([
    true,
    false,
  ]);
});
