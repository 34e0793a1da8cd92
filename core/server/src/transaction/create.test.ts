import { Kind, Label, sha256, utf8, type Field } from "@countersign/protocol";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { EntityKey, Shard } from "../store/entity.ts";
import { StoreAround } from "../store/store-around.ts";
import type { Loaded, Store } from "../store/store.ts";
import { CoreWorld, drawHexId, newTestKey, payment } from "../testing/core-world.ts";
import { createTransaction, type Created } from "./create.ts";
import type { Draft } from "./draft.ts";
import type { TransactionEvent } from "./event.ts";
import { happen } from "./happen.ts";
import type { Transaction } from "./transaction.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;

let world: CoreWorld;

beforeEach(async () => {
  world = await CoreWorld.open();
});

function create(change: Partial<Draft> = {}): Promise<Created | Refusal> {
  return createTransaction(world.given, world.draft(change));
}

async function reasonOf(change: Partial<Draft>): Promise<string> {
  const created = await create(change);
  return isRefusal(created) ? created.refused : created.transaction.state;
}

async function violationOf(change: Partial<Draft>): Promise<string | undefined> {
  const created = await create(change);
  return isRefusal(created) ? created.violations?.[0]?.field : "accepted";
}

async function on(transaction: Transaction, ...events: TransactionEvent[]): Promise<void> {
  for (const event of events) {
    const after = await happen(world.given, transaction.txId, event, "test");
    if (isRefusal(after)) throw new Error(after.message);
  }
}

/** Something happens right after a transaction was loaded for the first time. */
class LateNews extends StoreAround {
  readonly #txId: string;
  #happens: (() => Promise<void>) | undefined;

  constructor(store: Store, txId: string, happens: () => Promise<void>) {
    super(store);
    this.#txId = txId;
    this.#happens = happens;
  }

  override async load<const K extends readonly EntityKey[]>(shard: Shard, ...keys: K): Promise<Loaded<K>> {
    const loaded = await super.load(shard, ...keys);
    if (keys.some(({ type, id }) => type === "transaction" && id === this.#txId)) {
      const happens = this.#happens;
      this.#happens = undefined;
      await happens?.();
    }
    return loaded;
  }
}

const text = (label: Label, value: string): Field => ({ label, value: { type: "text", text: value } });
const digest = (fill: number): Field => ({
  label: Label.DIGEST,
  value: { type: "digest", digest: new Uint8Array(32).fill(fill) },
});

function move(...args: readonly string[]): Partial<Draft> {
  const lines = [text(Label.HOST, "db1"), text(Label.COMMAND, "/bin/mv"), digest(1)];
  return { kind: Kind.RUN, fields: [...lines, ...args.map((one) => text(Label.ARGUMENT, one))] };
}

test("threat 06: a core in production takes no signature of an emulator that was enrolled in development", async () => {
  const production = { ...world.given, development: false };
  const created = await createTransaction(production, world.draft());
  expect(isRefusal(created) && created.refused).toBe("KEY_NOT_ACCEPTED");
  expect(await reasonOf({})).toBe("PENDING");
});

describe("what is frozen", () => {
  test("check 08: content, policy, nonce and code are new with each transaction", async () => {
    const a = await world.pending({ fields: payment(1) });
    const b = await world.pending({ fields: payment(2) });
    expect(a.txId).not.toBe(b.txId);
    expect(a.nonce).not.toEqual(b.nonce);
    expect(a).toMatchObject({
      state: "PENDING",
      mode: "B",
      version: 1,
      issue: { epoch: 1, n: 1 },
      keyIds: [world.key.keyId],
    });
    expect(a.expiresAt - a.createdAt).toBe(135_000);
    expect(a.policy.digits).toBe(6);
  });

  test("check 08: no event alters what was frozen", async () => {
    const before = await world.pending();
    world.clock.advance(MINUTE);
    await on(before, { type: "resent", epoch: 1 }, { type: "try-counted" }, { type: "wrong-code" });
    await on(before, { type: "cancelled", by: "app", detail: "x" });
    const after = await world.transaction(before.txId);
    const { content, txDigest, nonce, fields, policy, mode, keyIds, kind, tag } = before;
    expect(after).toMatchObject({ content, txDigest, nonce, fields, policy, mode, keyIds, kind, tag });
  });

  test("check 23: no nonce and no id is drawn twice, whoever it is for", async () => {
    const drawn = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const userId = `user${i}`;
      const key = newTestKey();
      await world.addUser({ tenantId: world.tenantId, userId }, key, drawHexId());
      for (let j = 0; j < 5; j++) {
        const { txId, nonce } = await world.pending({ userId });
        drawn.add(txId).add(Buffer.from(nonce).toString("hex"));
      }
    }
    expect(drawn.size).toBe(1000);
  });

  test("the transaction id names the user's shard and its time", async () => {
    const { txId, createdAt } = await world.pending();
    expect(Number.parseInt(txId.slice(4, 16), 16)).toBe(createdAt);
    expect(Number.parseInt(txId.slice(0, 4), 16)).toBeLessThan(1024);
  });

  test("claim 13: the code is wanted by the first channel, in the commit that creates", async () => {
    await world.pending();
    expect(await world.deliveries()).toMatchObject([
      { type: "prompt", wanted: { phase: "full", issue: { epoch: 1, n: 1 } } },
    ]);
  });
});

describe("request_id", () => {
  test("check 04: repeating it answers the same, also after the transaction ended or the user was frozen", async () => {
    const draft = world.draft();
    const first = await createTransaction(world.given, draft);
    if (isRefusal(first)) throw new Error(first.message);
    await on(first.transaction, { type: "cancelled", by: "app", detail: "" });
    await world.changeUser({ state: "FROZEN" });
    const again = await createTransaction(world.given, draft);
    expect(again).toMatchObject({ confirmationToken: first.confirmationToken, transaction: { state: "CANCELLED" } });
  });

  test("check 08: another body under it is IDEMPOTENCY_CONFLICT", async () => {
    const draft = world.draft();
    await createTransaction(world.given, draft);
    const other = { ...draft, fields: payment(77), bodyHash: sha256(utf8("other")) };
    expect(await createTransaction(world.given, other)).toMatchObject({ refused: "IDEMPOTENCY_CONFLICT" });
    expect(await createTransaction(world.given, { ...other, createdBy: drawHexId() })).not.toHaveProperty("refused");
  });

  test("a refused input stores nothing: the same request_id may come corrected", async () => {
    const draft = world.draft();
    expect(await createTransaction(world.given, { ...draft, fields: [] })).toMatchObject({ refused: "BAD_INPUT" });
    const corrected = { ...draft, bodyHash: sha256(utf8("corrected")) };
    expect(await createTransaction(world.given, corrected)).not.toHaveProperty("refused");
  });

  test.each(["", " x", "x".repeat(256), "é"])("%j is no request_id", async (requestId) => {
    expect(await violationOf({ requestId })).toBe("request_id");
  });

  test("20 parallel creates of one request make one transaction", async () => {
    const draft = world.draft();
    const all = await Promise.all(Array.from({ length: 20 }, () => createTransaction(world.given, draft)));
    const ids = new Set(all.map((one) => (isRefusal(one) ? one.refused : one.transaction.txId)));
    expect(ids.size).toBe(1);
    expect((await world.user()).open).toHaveLength(1);
  });
});

describe("check 04: DUPLICATE", () => {
  const fields = payment(1);
  const claim = { type: "claimed", claimId: "1", leaseMs: MINUTE, idempotent: false } as const;
  const confirmation = { keyId: "", signedStatement: new Uint8Array(0), at: 0 };

  async function executed(of: Transaction, outcome: "EXECUTED" | "EXECUTION_FAILED" = "EXECUTED"): Promise<void> {
    const appId = world.appId;
    await on(of, { type: "statement-accepted", confirmation }, { ...claim, appId, txDigest: of.txDigest });
    await on(of, { type: "reported", appId, fence: 1, outcome, detail: "" });
  }

  test("check 04: equal content that is open is refused, naming it; repeat_of lets it through with a line", async () => {
    const first = await world.pending({ fields });
    const refused = await create({ fields });
    expect(refused).toMatchObject({ refused: "DUPLICATE", metadata: { transactionId: first.txId } });
    const second = await world.pending({ fields, repeatOf: first.txId });
    const line = second.fields.at(-1);
    expect(line).toEqual(text(Label.REPEAT, `of ${first.tag}, 2026-11-22 14:30 UTC`));
    expect(second.txDigest).not.toEqual(first.txDigest);
  });

  test("check 04: of 20 parallel creates of equal content one is made", async () => {
    const reasons = await Promise.all(Array.from({ length: 20 }, () => reasonOf({ fields })));
    expect(reasons.toSorted()).toEqual([...Array.from({ length: 19 }, () => "DUPLICATE"), "PENDING"]);
  });

  test("check 04: executed within 24 h guards, after that not", async () => {
    await executed(await world.pending({ fields }));
    world.clock.advance(24 * HOUR - 1);
    expect(await reasonOf({ fields })).toBe("DUPLICATE");
    world.clock.advance(1);
    expect(await reasonOf({ fields })).toBe("PENDING");
  });

  test("check 04: unknown guards as executed does, failed and ended do not", async () => {
    const first = await world.pending({ fields });
    await executed(first, "EXECUTION_FAILED");
    const second = await world.pending({ fields });
    const appId = world.appId;
    await on(second, { type: "statement-accepted", confirmation }, { ...claim, appId, txDigest: second.txDigest });
    await on(second, { type: "begun", appId, fence: 1 });
    world.clock.advance(MINUTE);
    expect(await reasonOf({ fields })).toBe("DUPLICATE");
    await on(second, { type: "resolved", outcome: "EXECUTION_FAILED", detail: "" });
    const third = await world.pending({ fields });
    await on(third, { type: "vetoed", reason: undefined, onKey: false, mayFreeze: true });
    expect(await reasonOf({ fields })).toBe("PENDING");
  });

  test("check 04: what turns out to have been carried out while an equal one is created guards", async () => {
    const first = await world.pending({ fields });
    const appId = world.appId;
    await on(first, { type: "statement-accepted", confirmation }, { ...claim, appId, txDigest: first.txDigest });
    await on(first, { type: "begun", appId, fence: 1 });
    world.clock.advance(HOUR);
    await on(first, { type: "time-came" });
    world.clock.advance(24 * HOUR);
    const isKnown = (): Promise<void> => on(first, { type: "resolved", outcome: "EXECUTED", detail: "" });
    const store = new LateNews(world.given.store, first.txId, isKnown);
    const created = await createTransaction({ ...world.given, store }, world.draft({ fields }));
    expect(created).toMatchObject({ refused: "DUPLICATE", metadata: { transactionId: first.txId, state: "EXECUTED" } });
  });

  test("threat 08: after a repeat that was withdrawn the executed first one guards still", async () => {
    const first = await world.pending({ fields });
    await executed(first);
    const second = await world.pending({ fields, repeatOf: first.txId });
    expect(await reasonOf({ fields, repeatOf: first.txId })).toBe("DUPLICATE");
    await on(second, { type: "cancelled", by: "app", detail: "" });
    expect(await reasonOf({ fields })).toBe("DUPLICATE");
    expect(await reasonOf({ fields, repeatOf: first.txId })).toBe("PENDING");
  });

  test("threat 08: another order of the lines is no other payment; another order of arguments is another command", async () => {
    await world.pending({ fields });
    expect(await reasonOf({ fields: fields.toReversed() })).toBe("DUPLICATE");
    await world.pending(move("a", "b"));
    expect(await reasonOf(move("a", "b"))).toBe("DUPLICATE");
    expect(await reasonOf(move("b", "a"))).toBe("PENDING");
  });

  test("another user's equal content does not guard, nor another kind's", async () => {
    await world.pending({ fields });
    expect(await reasonOf({ fields, kind: Kind.TRANSFER })).toBe("PENDING");
    expect(await violationOf({ fields, repeatOf: drawHexId() })).toBe("repeat_of");
  });
});

test("check 12: a key without a display, named by malware, makes no mode C beside one with a display", async () => {
  const plain = newTestKey();
  await world.addKey(world.identity, plain, { hasDisplay: false });
  expect(await create({ keyIds: [plain.keyId] })).toMatchObject({ refused: "POLICY_UNMET" });
  expect(await world.pending()).toMatchObject({ mode: "B", keyIds: [world.key.keyId] });
});

describe("check 18: limits", () => {
  test("check 18: 5 open, counted by expiry; an ended one frees its place", async () => {
    const first = await world.pending();
    for (let i = 0; i < 4; i++) await world.pending();
    world.clock.advance(MINUTE);
    expect(await create()).toMatchObject({ refused: "RATE_LIMITED", retryAfterMs: 75_000 });
    await on(first, { type: "cancelled", by: "client", detail: "" });
    expect(await reasonOf({})).toBe("PENDING");
    expect(await reasonOf({})).toBe("RATE_LIMITED");
    world.clock.advance(75_000);
    expect(await reasonOf({})).toBe("PENDING");
  });

  test("check 18: 5 prompts a minute", async () => {
    for (let i = 0; i < 5; i++) await on(await world.pending(), { type: "cancelled", by: "app", detail: "" });
    expect(await create()).toMatchObject({ refused: "RATE_LIMITED", retryAfterMs: MINUTE });
    world.clock.advance(MINUTE);
    expect(await reasonOf({})).toBe("PENDING");
  });

  test("threat 25: 50 parallel creates of one user open 5", async () => {
    const reasons = await Promise.all(Array.from({ length: 50 }, () => reasonOf({})));
    expect(reasons.filter((one) => one === "PENDING")).toHaveLength(5);
    expect((await world.deliveries()).length).toBe(5);
  });

  const thaw = {
    kind: Kind.THAW,
    fields: [text(Label.ACTION, "Allow confirmations again")],
    action: { type: "thaw" },
  } as const;

  test("check 06: THAW while frozen and full, 1 open, 3 an hour", async () => {
    for (let i = 0; i < 5; i++) await world.pending();
    await world.changeUser({ state: "FROZEN" });
    expect(await reasonOf({})).toBe("USER_BLOCKED");
    for (let i = 0; i < 3; i++) {
      const one = await world.pending(thaw);
      expect(await reasonOf(thaw)).toBe("RATE_LIMITED");
      await on(one, { type: "cancelled", by: "app", detail: "" });
    }
    expect(await create(thaw)).toMatchObject({ refused: "RATE_LIMITED", retryAfterMs: HOUR });
  });

  test("check 06: a confirmed THAW frees the user and sets the row back", async () => {
    await world.changeUser({ state: "BLOCKED", wrongInARow: 5 });
    const one = await world.pending(thaw);
    await on(one, {
      type: "statement-accepted",
      confirmation: { keyId: "", signedStatement: new Uint8Array(0), at: 0 },
    });
    expect(await world.transaction(one.txId)).toMatchObject({ state: "EXECUTED", lease: { appId: "core" } });
    expect(await world.user()).toMatchObject({ state: "ACTIVE", wrongInARow: 0 });
    expect((await world.user()).thaw).toBeUndefined();
  });

  test("a suspended user cannot thaw himself", async () => {
    await world.changeUser({ state: "SUSPENDED" });
    expect(await reasonOf(thaw)).toBe("USER_BLOCKED");
  });
});

describe("bad input names the field of the request", () => {
  const run = [text(Label.HOST, "db1"), text(Label.COMMAND, "/usr/bin/reboot")];

  test.each<[string, Partial<Draft>, string]>([
    ["check 09: a payment without an account", { fields: payment(1).slice(0, 2) }, "fields"],
    ["unsafe text", { fields: [...payment(1), text(Label.REFERENCE, "a\u202Eb")] }, "fields[3].value"],
    ["a value of another type", { fields: [text(Label.AMOUNT, "1"), ...payment(1).slice(1)] }, "fields[0].value"],
    ["a label twice", { fields: [...payment(1), ...payment(1).slice(0, 1)] }, "fields[3]"],
    ["no fields", { fields: [] }, "fields"],
    ["check 10: RUN without payload", { kind: Kind.RUN, fields: run }, "payload_sha256"],
    [
      "payload and digest",
      { kind: Kind.RUN, fields: [...run, digest(1)], payload: new Uint8Array(32) },
      "fields[2].label",
    ],
    ["a key the user does not have", { keyIds: ["e".repeat(32)] }, "key_ids[0]"],
    ["what the key cannot show", { fields: [...payment(1), text(Label.REFERENCE, "支払い")] }, "fields[3]"],
  ])("%s", async (_name, change, field) => {
    expect(await violationOf(change)).toContain(field);
  });

  test("RUN with a payload has its digest as a line", async () => {
    const payload = new Uint8Array(32).fill(9);
    expect((await world.pending({ kind: Kind.RUN, fields: run, payload })).fields.at(-1)).toEqual(digest(9));
    expect(await reasonOf({ kind: Kind.RUN, fields: [...run, digest(8)] })).toBe("PENDING");
  });

  test("a user who does not exist is NOT_FOUND", async () => {
    expect(await reasonOf({ userId: "nobody" })).toBe("NOT_FOUND");
  });
});

test("check 28: users of two tenants may have one name and share nothing", async () => {
  const tenantId = drawHexId();
  await world.addTenant(tenantId, "Other Bank");
  const first = await world.pending({ fields: payment(1) });
  expect(await reasonOf({ tenantId, fields: payment(1) })).toBe("NOT_FOUND");
  await world.addUser({ tenantId, userId: world.userId }, world.key, drawHexId()).catch(() => undefined);
  expect(await violationOf({ tenantId, fields: payment(1), repeatOf: first.txId })).toBe("repeat_of");
});
