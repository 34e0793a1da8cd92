import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { Kind, Label, RejectReason as R, type Field } from "@countersign/protocol";
import { RejectReason, State } from "@countersign/proto/node/core/v1/content";
import { TransactionServiceListRequest } from "@countersign/proto/node/core/v1/transaction_service";
import { tempFolder } from "@countersign/testing";
import { confirm, confirmOpen, outcomeOf, type ConfirmGiven, type ConfirmRequest } from "./confirm.ts";
import { call } from "./node/call.ts";
import { openCore, type NodeCoreConnection } from "./node/core-connection.ts";
import { openDaemon } from "./node/daemon-connection.ts";
import type { DaemonConnection } from "./key-place.ts";
import type { Outcome, Progress } from "./outcome.ts";
import {
  APP_TOKEN,
  CODE,
  FakeCore,
  GRANT_TOKEN,
  startFakeDaemon,
  TestKey,
  type FakeDaemon,
  type KeyAct,
} from "./testing/index.ts";
import { Token } from "./token.ts";

const folder = tempFolder();
const FIELDS: Field[] = [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125000n } } },
  { label: Label.TO, value: { type: "text", text: "Müller GmbH" } },
  { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  { label: Label.REFERENCE, value: { type: "text", text: "Invoice 2026-114" } },
];
const PAYMENT: ConfirmRequest = { userId: "ada", kind: Kind.PAY, fields: FIELDS, payload: new Uint8Array(32).fill(7) };
const APPROVE: KeyAct = { type: "approve", code: CODE };
const noPause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let core: FakeCore;
let daemon: FakeDaemon;
const closing: (() => void)[] = [];
let sockets = 0;

beforeEach(async () => {
  core = await new FakeCore().start();
  daemon = await startFakeDaemon(join(folder, `d${(sockets += 1)}.sock`), []);
  core.userKey = daemon.key;
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  core.stop();
  daemon.stop();
});

async function all(events: AsyncIterable<Progress>): Promise<Progress[]> {
  const seen: Progress[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

type Given = ConfirmGiven & { readonly core: NodeCoreConnection; readonly daemon: DaemonConnection };

function given(token = APP_TOKEN, more: Partial<ConfirmGiven> = {}): Given {
  const connection = openCore({ address: core.address, token: new Token(token) });
  const device = openDaemon(daemon.socket);
  closing.push(
    () => connection.close(),
    () => device.close(),
  );
  const pinned = { serverId: core.serverId, publicKeys: [core.receiptKey.coseKey] };
  return { pinned, pause: noPause, ...more, core: connection, daemon: device };
}

async function run(acts: readonly KeyAct[], token = APP_TOKEN, more: Partial<ConfirmGiven> = {}): Promise<Outcome> {
  daemon.acts.push(...acts);
  return outcomeOf(confirm(PAYMENT, given(token, more)));
}

test.each([APP_TOKEN, GRANT_TOKEN])("executes with a verified receipt (%s)", async (token) => {
  const events: Progress[] = [];
  daemon.acts.push(APPROVE);
  for await (const event of confirm(PAYMENT, given(token))) events.push(event);
  expect(events.at(-1)).toMatchObject({ type: "outcome", outcome: { state: "EXECUTED" } });
  const steps = events.filter((event) => event.type === "key").map((event) => event.step);
  expect(steps).toEqual(["showing", "pin", "code", "computing"]);
  expect(events.slice(0, 2).map((event) => event.type)).toEqual(["created", "equal"]);
  const [asked] = daemon.asked;
  expect(Uint8Array.from(asked?.content ?? [])).toEqual(core.only.content);
  expect(asked).toMatchObject({
    serverId: core.serverId,
    transactionId: core.only.transaction.transactionId,
  });
  // What is left of 140 s, rounded down; a busy machine has used up more of it.
  expect(asked?.expiresInS).toBeLessThanOrEqual(139);
  expect(asked?.expiresInS).toBeGreaterThan(60);
});

test("is over at CONFIRMED when asked so", async () => {
  core.executor = "none";
  expect(await run([APPROVE], APP_TOKEN, { until: "confirmed" })).toEqual({ state: "CONFIRMED" });
});

test("check 11: lines of the core that differ are never shown to the key, and the transaction is withdrawn", async () => {
  core.alter = (fields) =>
    fields.map((field) =>
      field.label === Label.TO ? { ...field, value: { type: "text", text: "Mallory Ltd" } } : field,
    );
  expect(await run([APPROVE])).toEqual({
    state: "CONTENT_DIFFERS",
    difference: { at: "lines[1]", core: "Mallory Ltd", meant: "Müller GmbH" },
  });
  expect(daemon.asked).toEqual([]);
  expect(core.only.transaction.state).toBe(State.CANCELLED);
});

test("another installation than the pinned one is not taken to the key", async () => {
  const pinned = { serverId: "00".repeat(16), publicKeys: [] };
  expect(await run([APPROVE], APP_TOKEN, { pinned })).toMatchObject({
    state: "CONTENT_DIFFERS",
    difference: { at: "server" },
  });
  expect(daemon.asked).toEqual([]);
});

test.each([
  [APP_TOKEN, "EXECUTED"],
  [GRANT_TOKEN, "EXECUTED"],
])("asks the key again after a wrong code (%s)", async (token, state) => {
  expect(await run([{ type: "approve", code: "000000" }, APPROVE], token)).toMatchObject({ state });
  expect(daemon.asked).toHaveLength(2);
});

test.each([
  [APP_TOKEN, "LOCKED"],
  [GRANT_TOKEN, "ENDED"],
])("three wrong codes end it (%s)", async (token, state) => {
  const wrong: KeyAct = { type: "approve", code: "000000" };
  expect(await run([wrong, wrong, wrong, APPROVE], token)).toEqual({ state });
  expect(daemon.asked).toHaveLength(3);
});

test.each([
  [APP_TOKEN, { state: "REJECTED", onKey: true, because: "not me" }],
  [GRANT_TOKEN, { state: "REJECTED", onKey: true, because: "" }],
])("a reject on the key is handed in (%s)", async (token, outcome) => {
  expect(await run([{ type: "reject", reason: R.NOT_ME }], token)).toEqual(outcome);
});

test("a veto in the chat stops the key", async () => {
  daemon.acts.push({ type: "wait" });
  const events = outcomeOf(confirm(PAYMENT, given()));
  await daemon.askedTimes(1);
  core.change(core.only, { state: State.REJECTED, rejectReason: RejectReason.WRONG_DATA });
  expect(await events).toEqual({ state: "REJECTED", onKey: false, because: "wrong data" });
});

test.each([
  [State.EXPIRED, "EXPIRED"],
  [State.UNDELIVERABLE, "UNDELIVERABLE"],
  [State.TAMPERED, "TAMPERED"],
] as const)("state %s ends it as %s while the key still shows", async (end, state) => {
  daemon.acts.push({ type: "wait" });
  const outcome = outcomeOf(confirm(PAYMENT, given()));
  await daemon.askedTimes(1);
  core.change(core.only, { state: end });
  expect(await outcome).toEqual({ state });
});

test.each([APP_TOKEN, GRANT_TOKEN])("a key that signs other content ends as TAMPERED (%s)", async (token) => {
  daemon.alter = (shown) => ({ ...shown, content: Buffer.concat([shown.content, Buffer.of(0)]) });
  expect(await run([APPROVE], token)).toEqual({ state: "TAMPERED" });
});

test.each([
  ["fail", { state: "EXECUTION_FAILED", detail: "account closed" }],
  ["unknown", { state: "EXECUTION_UNKNOWN" }],
] as const)("executor %s", async (executor, outcome) => {
  core.executor = executor;
  expect(await run([APPROVE])).toEqual(outcome);
});

test.each([
  [{ code: status.NOT_FOUND, reason: "NO_KEY" }, "NO_KEY"],
  [{ code: status.UNAVAILABLE, reason: "KEY_LEFT" }, "KEY_LEFT"],
  [{ code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "CANNOT_SHOW" } }, "KEY_REFUSED"],
  [{ code: status.RESOURCE_EXHAUSTED, reason: "KEY_BUSY" }, "BUSY"],
])("%o withdraws and tells it", async (error, state) => {
  expect(await run([{ type: "error", error }])).toMatchObject({ state });
  expect(core.only.transaction.state).toBe(State.CANCELLED);
});

test("a key whose time is over withdraws nothing: the core tells that it expired", async () => {
  core.lifetimeS = 1n;
  const error = { code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "USER_TIMEOUT" } };
  daemon.acts.push({ type: "error", error });
  const parts = given();
  const outcome = outcomeOf(confirm(PAYMENT, parts));
  await daemon.askedTimes(1);
  // The refusal came before this answer, and a withdrawal would come before the next one.
  await parts.daemon.listKeys();
  const list = TransactionServiceListRequest.create({ userId: PAYMENT.userId });
  await call(parts.core.transactions.list.bind(parts.core.transactions), list, parts.core);
  expect(core.only.transaction.state).toBe(State.PENDING);
  core.change(core.only, { state: State.EXPIRED });
  expect(await outcome).toEqual({ state: "EXPIRED" });
});

test("a key that nobody touched withdraws", async () => {
  const error = { code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "USER_TIMEOUT" } };
  expect(await run([{ type: "error", error }])).toMatchObject({ state: "KEY_REFUSED", status: "USER_TIMEOUT" });
  expect(core.only.transaction.state).toBe(State.CANCELLED);
});

test.each([
  [
    { code: status.FAILED_PRECONDITION, reason: "DUPLICATE", metadata: { transactionId: "ab" } },
    { state: "DUPLICATE", first: "ab" },
  ],
  [{ code: status.FAILED_PRECONDITION, reason: "USER_BLOCKED" }, { state: "USER_BLOCKED" }],
  [{ code: status.FAILED_PRECONDITION, reason: "NO_CHANNEL" }, { state: "UNDELIVERABLE" }],
  [
    { code: status.RESOURCE_EXHAUSTED, reason: "RATE_LIMITED", retryAfterMs: 1500 },
    { state: "BUSY", retryAfterMs: 1500 },
  ],
  [
    { code: status.PERMISSION_DENIED, reason: "NOT_CONFIRMED" },
    { state: "NOT_CONFIRMED", reason: "NOT_CONFIRMED" },
  ],
  [
    {
      code: status.INVALID_ARGUMENT,
      reason: "BAD_INPUT",
      violations: [{ field: "fields[1].value", description: "U+202E" }],
    },
    { state: "REFUSED", violations: [{ field: "fields[1].value", description: "U+202E" }] },
  ],
])("Create answered with %o", async (error, outcome) => {
  core.errors.set("create", [error]);
  expect(await run([])).toMatchObject(outcome);
});

test("unsafe text is refused before anything is sent", async () => {
  const fields: Field[] = FIELDS.with(1, { label: Label.TO, value: { type: "text", text: "Mu\u202Eller" } });
  const outcome = await outcomeOf(confirm({ ...PAYMENT, fields }, given()));
  expect(outcome).toMatchObject({ state: "REFUSED", violations: [{ field: "fields[1].value" }] });
  expect(core.held.size).toBe(0);
});

test("outages are retried, for creating and for handing in", async () => {
  const outage = { code: status.UNAVAILABLE };
  core.errors.set("create", [outage, outage]);
  core.errors.set(
    "submitStatement",
    Array.from({ length: 30 }, () => outage),
  );
  expect(await run([APPROVE])).toMatchObject({ state: "EXECUTED" });
  expect(core.held.size).toBe(1);
  expect(daemon.asked).toHaveLength(1);
});

test("a core that stays away is thrown", async () => {
  core.errors.set(
    "create",
    Array.from({ length: 99 }, () => ({ code: status.UNAVAILABLE })),
  );
  await expect(run([])).rejects.toMatchObject({ name: "CoreError", isOutage: true });
});

test("a token without permission is thrown", async () => {
  await expect(run([], "cs_app_CCCCCCCCCCCCCCCCCCCCCCCCCC")).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
});

test("a broken watch resumes and misses no ending", async () => {
  daemon.acts.push({ type: "wait" });
  const outcome = outcomeOf(confirm(PAYMENT, given()));
  await daemon.askedTimes(1);
  await core.watchedTimes(1);
  core.breakWatches();
  core.change(core.only, { state: State.EXPIRED });
  expect(await outcome).toEqual({ state: "EXPIRED" });
  expect(core.watches).toBeGreaterThan(1);
});

test.each([APP_TOKEN, GRANT_TOKEN])("abort withdraws and stops the key (%s)", async (token) => {
  const stop = new AbortController();
  daemon.acts.push({ type: "wait" });
  const outcome = outcomeOf(confirm(PAYMENT, given(token, { signal: stop.signal })));
  await daemon.askedTimes(1);
  stop.abort();
  expect(await outcome).toEqual({ state: "CANCELLED", byUser: true });
  expect(core.only.transaction.state).toBe(State.CANCELLED);
});

test("who leaves stops the key, and the transaction waits on", async () => {
  const leave = new AbortController();
  daemon.acts.push({ type: "wait" });
  const events = all(confirm(PAYMENT, given(APP_TOKEN, { leave: leave.signal })));
  await daemon.askedTimes(1);
  leave.abort();
  expect((await events).map(({ type }) => type)).not.toContain("outcome");
  expect(core.only.transaction.state).toBe(State.PENDING);
  expect(await all(confirm(PAYMENT, given(APP_TOKEN, { leave: leave.signal })))).toMatchObject([
    { type: "created" },
    { type: "equal" },
  ]);
});

test("a withdrawal that is still being repeated when the end is known breaks nothing", async () => {
  const stop = new AbortController();
  const [outage, back] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const pause = (ms: number): Promise<void> => {
    if (ms !== 200) return noPause();
    outage.resolve();
    return back.promise;
  };
  daemon.acts.push({ type: "wait" });
  core.errors.set("cancel", [{ code: status.UNAVAILABLE }]);
  const confirming = given(APP_TOKEN, { signal: stop.signal, pause });
  const outcome = outcomeOf(confirm(PAYMENT, confirming));
  await daemon.askedTimes(1);
  stop.abort();
  await outage.promise;
  core.change(core.only, { state: State.CANCELLED });
  expect(await outcome).toEqual({ state: "CANCELLED", byUser: true });
  confirming.core.close();
  back.resolve();
  await new Promise((resolve) => setImmediate(resolve));
});

test("an abort that comes too late changes nothing", async () => {
  const stop = new AbortController();
  core.executor = "none";
  daemon.acts.push(APPROVE);
  const seen: string[] = [];
  for await (const event of confirm(PAYMENT, given(APP_TOKEN, { signal: stop.signal }))) {
    if (event.type === "state" && event.state === "CONFIRMED") {
      core.change(core.only, { state: State.EXECUTING });
      stop.abort();
    }
    if (event.type === "state" && event.state === "TOO_LATE") core.change(core.only, { state: State.EXECUTED });
    if (event.type === "outcome") seen.push(event.outcome.state);
  }
  expect(seen).toEqual(["EXECUTED"]);
});

test("check 30: a receipt with one flipped bit, or none, is not EXECUTED", async () => {
  core.alterReceipt = (json) => json.with(json.length - 40, (json[json.length - 40] ?? 0) ^ 1);
  expect(await run([APPROVE])).toMatchObject({ state: "RECEIPT_UNVERIFIED" });
  core.errors.set("receipt", [{ code: status.FAILED_PRECONDITION, reason: "STATE_CONFLICT" }]);
  expect(await run([APPROVE])).toMatchObject({ state: "RECEIPT_UNVERIFIED" });
});

test("a receipt signed by another core key is not EXECUTED", async () => {
  const pinned = { serverId: core.serverId, publicKeys: [new TestKey().coseKey] };
  expect(await run([APPROVE], APP_TOKEN, { pinned })).toMatchObject({ state: "RECEIPT_UNVERIFIED" });
});

test("the first sending of the message is told", async () => {
  core.executor = "none";
  daemon.acts.push({ type: "wait" });
  const stop = new AbortController();
  const told: Progress[] = [];
  for await (const event of confirm(PAYMENT, given(APP_TOKEN, { signal: stop.signal }))) {
    if (event.type !== "delivery") continue;
    told.push(event);
    stop.abort();
  }
  expect(told).toEqual([expect.objectContaining({ platform: "telegram", sent: true })]);
});

test("a repeated transaction shows which one it repeats", async () => {
  daemon.acts.push(APPROVE);
  const repeatOf = "ab".repeat(16);
  expect(await outcomeOf(confirm({ ...PAYMENT, repeatOf }, given()))).toMatchObject({ state: "EXECUTED" });
  expect(core.only.transaction.lines.at(-1)).toEqual({
    label: Label.REPEAT,
    value: "of AMBER TIGER, 2026-11-30 14:31 UTC",
  });
});

test("a transaction of the core is taken to the key with the core's lines", async () => {
  daemon.acts.push(APPROVE);
  const lines = [{ label: Label.ACTION, value: "Thaw" }];
  const held = core.hold({ kind: Kind.THAW, lines, userId: "ada" });
  expect(await outcomeOf(confirmOpen(held.transaction, held.token, given()))).toMatchObject({ state: "EXECUTED" });
});
