import {
  CodeEntry,
  encodeStatement,
  RejectReason,
  Shown,
  SignatureType,
  UserVerification,
} from "@countersign/protocol";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction } from "../store/entity.ts";
import { CoreWorld, drawHexId, newTestKey, signStatement, signTyped } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "./submit-statement.ts";

let world: CoreWorld;
let pending: Transaction;

beforeEach(async () => {
  world = await CoreWorld.open();
  pending = await world.pending();
});

function submit(signed: Uint8Array, of: Transaction = pending): Promise<Transaction | Refusal> {
  return submitStatement(world.given, { txId: of.txId, tenantId: world.tenantId, signed });
}

/** The reason, or the state when it was accepted. */
async function answer(signed: Uint8Array, of: Transaction = pending): Promise<string> {
  const submitted = await submit(signed, of);
  return isRefusal(submitted) ? submitted.refused : submitted.state;
}

async function triesLeft(): Promise<number> {
  return (await world.transaction(pending.txId)).triesLeft;
}

describe("claim 14: one vector at least for each row", () => {
  test("claim 14: row 1, another tenant's or no transaction is UNKNOWN_TRANSACTION", async () => {
    const signed = world.signed(pending);
    const foreign = await submitStatement(world.given, { txId: pending.txId, tenantId: drawHexId(), signed });
    expect(foreign).toMatchObject({ refused: "UNKNOWN_TRANSACTION" });
    const absent = await submitStatement(world.given, { txId: drawHexId(), tenantId: world.tenantId, signed });
    expect(absent).toEqual(foreign);
    const malformed = await submitStatement(world.given, { txId: "x", tenantId: world.tenantId, signed });
    expect(malformed).toEqual(foreign);
  });

  test("claim 14: row 2, the saved verdict in every state, changing nothing", async () => {
    const wrong = world.signed(pending, { code: world.wrongCode(pending) });
    expect(await answer(wrong)).toBe("WRONG_CODE");
    const right = world.signed(pending);
    expect(await answer(right)).toBe("CONFIRMED");
    const before = await world.transaction(pending.txId);
    const again = await submit(wrong);
    expect(again).toMatchObject({ refused: "WRONG_CODE", metadata: { triesLeft: "2" } });
    expect(await answer(right)).toBe("CONFIRMED");
    expect(await world.transaction(pending.txId)).toEqual(before);
  });

  test("claim 14: row 3, not pending is STATE_CONFLICT", async () => {
    const event = { type: "cancelled", by: "app", detail: "" } as const;
    await happen(world.given, pending.txId, event, "test");
    expect(await answer(world.signed(pending))).toBe("STATE_CONFLICT");
  });

  test.each(["FROZEN", "BLOCKED", "SUSPENDED"] as const)("claim 14: row 3, a user who is %s", async (state) => {
    await world.changeUser({ state });
    expect(await answer(world.signed(pending))).toBe("USER_BLOCKED");
    expect(await answer(world.reject(pending))).toBe("REJECTED");
  });

  test("claim 14: row 4, EXPIRED by the store's clock, swept or not", async () => {
    const signed = world.signed(pending);
    world.clock.advance(pending.expiresAt - world.clock.now().getTime());
    expect(await answer(signed)).toBe("EXPIRED");
    expect(await answer(world.signed(pending))).toBe("EXPIRED");
    expect(await triesLeft()).toBe(3);
  });

  test("claim 14: row 5, UNKNOWN_KEY", async () => {
    expect(await answer(world.signed(pending, {}, newTestKey()))).toBe("UNKNOWN_KEY");
  });

  test("claim 14: row 5, KEY_NOT_OWNED", async () => {
    const other = newTestKey();
    await world.addUser({ tenantId: world.tenantId, userId: "otto" }, other, drawHexId());
    expect(await answer(world.signed(pending, {}, other))).toBe("KEY_NOT_OWNED");
  });

  test("check 28: row 5, a key of another tenant reads as unknown", async () => {
    const other = newTestKey();
    const tenantId = drawHexId();
    await world.addTenant(tenantId, "Other Bank");
    await world.addUser({ tenantId, userId: world.userId }, other, drawHexId());
    expect(await answer(world.signed(pending, {}, other))).toBe("UNKNOWN_KEY");
  });

  test.each([
    ["REVOKED", "KEY_REVOKED"],
    ["PROVISIONAL", "KEY_PROVISIONAL"],
  ] as const)("claim 14: row 5, a key that is %s", async (state, reason) => {
    await world.changeKey(world.identity, world.key.keyId, { state });
    expect(await answer(world.signed(pending))).toBe(reason);
  });

  test("claim 14: row 5, KEY_NOT_ACCEPTED", async () => {
    const second = newTestKey();
    await world.addKey(world.identity, second);
    expect(await answer(world.signed(pending, {}, second))).toBe("KEY_NOT_ACCEPTED");
  });

  test("claim 14: row 6, another key's signature under this key's name", async () => {
    const impostor = { ...newTestKey(), keyId: world.key.keyId };
    expect(await answer(world.signed(pending, {}, impostor))).toBe("BAD_SIGNATURE");
  });

  test.each([SignatureType.ENROLMENT, SignatureType.ATTESTATION, SignatureType.RECEIPT, SignatureType.AUDIT_HEAD])(
    "threat 05: row 6, a right signature of type %s",
    async (type) => {
      const payload = encodeStatement(world.statement(pending));
      expect(await answer(signTyped(world.key, type, payload))).toBe("BAD_SIGNATURE");
    },
  );

  test("claim 14: row 6, bytes that are no signature name no key", async () => {
    expect(await answer(new Uint8Array(100).fill(9))).toBe("UNKNOWN_KEY");
  });

  test.each([
    ["serverId", { serverId: new Uint8Array(16) }],
    ["txId", { txId: new Uint8Array(16) }],
    ["nonce", { nonce: new Uint8Array(32) }],
  ])("claim 14: row 7, another %s", async (_name, change) => {
    expect(await answer(world.signed(pending, change))).toBe("STATEMENT_MISMATCH");
  });

  test("claim 14: row 7, another version", async () => {
    const payload = encodeStatement(world.statement(pending));
    payload[2] = 2; // map header, key 1, version
    expect(await answer(signTyped(world.key, SignatureType.STATEMENT, payload))).toBe("STATEMENT_MISMATCH");
  });

  test("claim 14: row 8, another digest is TAMPERED and the end, with an alarm on every linked chat", async () => {
    const told = { txDigest: new Uint8Array(32).fill(1) };
    expect(await answer(world.signed(pending, told))).toBe("TAMPERED");
    expect(await world.transaction(pending.txId)).toMatchObject({
      state: "TAMPERED",
      reason: "TAMPERED",
      triesLeft: 3,
    });
    const alerts = (await world.deliveries()).filter(({ type }) => type === "alert");
    expect(alerts.map(({ wanted }) => ("notice" in wanted ? wanted.notice?.type : undefined))).toEqual(["TAMPERED"]);
  });

  test("claim 14: row 9, a signed reject with its reason, without PIN and whatever its counter", async () => {
    await world.changeKey(world.identity, world.key.keyId, { counter: { highest: 500, seen: 1n } });
    const signed = world.reject(pending, { reason: RejectReason.WRONG_DATA, counter: 500 });
    expect(await submit(signed)).toMatchObject({ refused: "REJECTED", metadata: { rejectReason: "WRONG_DATA" } });
    const after = await world.transaction(pending.txId);
    expect(after).toMatchObject({ state: "REJECTED", rejectReason: RejectReason.WRONG_DATA, rejectedOnKey: true });
  });

  test("row 9: a signed reject is a veto after the confirmation too", async () => {
    expect(await answer(world.signed(pending))).toBe("CONFIRMED");
    expect(await answer(world.reject(pending, { reason: RejectReason.NOT_ME }))).toBe("REJECTED");
    expect((await world.transaction(pending.txId)).state).toBe("REJECTED");
    expect((await world.user()).state).toBe("FROZEN");
  });

  test("claim 14: row 10, a counter used before", async () => {
    const key = await world.loadKey();
    await world.changeKey(world.identity, key.keyId, { counter: { highest: 100, seen: 0b101n } });
    expect(await answer(world.signed(pending, { counter: 100 }))).toBe("COUNTER_REGRESSION");
    expect(await answer(world.signed(pending, { counter: 98 }))).toBe("COUNTER_REGRESSION");
    expect(await answer(world.signed(pending, { counter: 36 }))).toBe("COUNTER_REGRESSION");
    expect(await answer(world.signed(pending, { counter: 99 }))).toBe("CONFIRMED");
  });

  test.each([
    ["shown nothing", { shown: Shown.NOTHING }],
    ["shown some", { shown: Shown.SOME }],
    ["code typed on the host", { codeEntry: CodeEntry.HOST }],
    ["no user verification", { userVerification: UserVerification.NONE }],
  ])("threat 29: row 11, %s", async (_name, change) => {
    expect(await answer(world.signed(pending, change))).toBe("POLICY_UNMET");
    expect((await world.transaction(pending.txId)).lastRefusal).toBe("POLICY_UNMET");
  });

  test("claim 10: row 11, a policy of fingers wants a finger", async () => {
    const strict = await CoreWorld.open({ policy: { userVerification: "biometric", biometricModels: ["emulator"] } });
    await strict.changeKey(strict.identity, strict.key.keyId, { attested: true });
    const of = await strict.pending();
    const ask = { txId: of.txId, tenantId: strict.tenantId };
    const pin = await submitStatement(strict.given, { ...ask, signed: strict.signed(of) });
    expect(pin).toMatchObject({ refused: "POLICY_UNMET" });
    const finger = strict.signed(of, { userVerification: UserVerification.BIOMETRIC });
    expect(await submitStatement(strict.given, { ...ask, signed: finger })).toMatchObject({ state: "CONFIRMED" });
  });

  test("claim 14: row 12, WRONG_CODE with what is left, then LOCKED, then the right one is too late", async () => {
    const wrong = (i: number): Uint8Array => world.signed(pending, { code: world.wrongCode(pending, i) });
    expect(await submit(wrong(1))).toMatchObject({ refused: "WRONG_CODE", metadata: { triesLeft: "2" } });
    expect(await world.deliveries()).toMatchObject([
      { type: "prompt", wanted: { phase: "full", notice: { type: "WRONG_CODE", triesLeft: 2 } } },
    ]);
    expect(await submit(wrong(2))).toMatchObject({ refused: "WRONG_CODE", metadata: { triesLeft: "1" } });
    expect(await submit(wrong(3))).toMatchObject({ refused: "LOCKED" });
    expect(await world.transaction(pending.txId)).toMatchObject({ state: "LOCKED", reason: "LOCKED", triesLeft: 0 });
    expect(await answer(world.signed(pending))).toBe("STATE_CONFLICT");
  });

  test("claim 14: row 12, the code before a resend is CODE_SUPERSEDED and a try, and no wrong code in a row", async () => {
    const old = world.signed(pending);
    world.clock.advance(60_000);
    await happen(world.given, pending.txId, { type: "resent", epoch: 1 }, "test");
    expect(await submit(old)).toMatchObject({ refused: "CODE_SUPERSEDED", metadata: { triesLeft: "2" } });
    expect((await world.user()).wrongInARow).toBe(0);
    expect(await answer(world.signed(await world.transaction(pending.txId)))).toBe("CONFIRMED");
  });
});

describe("claim 14: received transaction × code × key", () => {
  const cells = ["equal", "different"].flatMap((tx) =>
    ["equal", "different"].flatMap((code) => ["key", "foreign key"].map((key) => ({ tx, code, key }))),
  );
  test.each(cells)("claim 14: tx $tx, code $code, $key", async ({ tx, code, key }) => {
    const signer = key === "key" ? world.key : newTestKey();
    const digits = code === "equal" ? world.code(pending) : world.wrongCode(pending);
    const change = tx === "equal" ? {} : { txDigest: new Uint8Array(32).fill(1) };
    const expected =
      key !== "key" ? "UNKNOWN_KEY" : tx !== "equal" ? "TAMPERED" : code !== "equal" ? "WRONG_CODE" : "CONFIRMED";
    expect(await answer(world.signed(pending, { ...change, code: digits }, signer))).toBe(expected);
  });
});

describe("check 05: what costs a try", () => {
  test("check 05: rows 5 to 11, garbage and replays cost none", async () => {
    await world.addKey(world.identity, newTestKey());
    const attempts = [
      new Uint8Array(10),
      world.signed(pending, {}, newTestKey()),
      world.signed(pending, {}, { ...newTestKey(), keyId: world.key.keyId }),
      world.signed(pending, { nonce: new Uint8Array(32) }),
      world.signed(pending, { shown: Shown.NOTHING }),
    ];
    for (const signed of [...attempts, ...attempts]) await submit(signed);
    expect(await triesLeft()).toBe(3);
  });

  test("threat 09: one wrong statement sent 1000 times costs one try", async () => {
    const wrong = world.signed(pending, { code: world.wrongCode(pending) });
    const answers = await Promise.all(Array.from({ length: 1000 }, () => answer(wrong)));
    expect(new Set(answers)).toEqual(new Set(["WRONG_CODE"]));
    expect(await triesLeft()).toBe(2);
    expect((await world.user()).wrongInARow).toBe(1);
  });

  test("threat 05: the same statement under a malleated signature gets the saved verdict", async () => {
    const statement = world.statement(pending);
    expect(await answer(signStatement(world.key, statement))).toBe("CONFIRMED");
    expect(await answer(signStatement(world.key, statement))).toBe("CONFIRMED");
    expect((await world.loadKey()).counter.highest).toBe(statement.counter);
  });

  test("row 6: bad signatures are slowed down", async () => {
    const impostor = { ...newTestKey(), keyId: world.key.keyId };
    for (let i = 0; i < 30; i++) expect(await answer(world.signed(pending, {}, impostor))).toBe("BAD_SIGNATURE");
    expect(await answer(world.signed(pending, {}, impostor))).toBe("RATE_LIMITED");
    world.clock.advance(60_000);
    expect(await answer(world.signed(pending, {}, impostor))).toBe("BAD_SIGNATURE");
  });

  test("row 6: over restarts and on other cores too, for no commit more", async () => {
    const impostor = { ...newTestKey(), keyId: world.key.keyId };
    const shard = shardOfTransaction(pending.txId);
    const entries = async (): Promise<number> => (await world.given.store.audit(shard, 1, 1000)).length;
    const before = await entries();
    for (let i = 0; i < 30; i++) {
      // A core that has just started has the store, and remembers nothing.
      const ask = { txId: pending.txId, tenantId: world.tenantId, signed: world.signed(pending, {}, impostor) };
      expect(await submitStatement({ ...world.given }, ask)).toMatchObject({ refused: "BAD_SIGNATURE" });
    }
    expect(await entries()).toBe(before + 60);
    const ask = { txId: pending.txId, tenantId: world.tenantId, signed: world.signed(pending, {}, impostor) };
    expect(await submitStatement({ ...world.given }, ask)).toMatchObject({ refused: "RATE_LIMITED" });
    expect(await entries()).toBe(before + 60);
  });

  test("row 6: a hundred at once cost one judgement each, and never more than thirty their commits", async () => {
    const impostor = { ...newTestKey(), keyId: world.key.keyId };
    const all = Array.from({ length: 100 }, () => world.signed(pending, {}, impostor));
    const told = await Promise.all(all.map((signed) => answer(signed)));
    const judged = told.filter((reason) => reason === "BAD_SIGNATURE").length;
    expect(judged).toBeGreaterThan(0);
    expect(judged).toBeLessThanOrEqual(30);
    expect(told.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(100 - judged);
  });

  test("row 3: what comes over what is over costs commits thirty times a minute, and is told all the same", async () => {
    const shard = shardOfTransaction(pending.txId);
    const entries = async (): Promise<number> => (await world.given.store.audit(shard, 1, 1000)).length;
    world.clock.advance(600_000);
    expect(await answer(world.signed(pending))).toBe("EXPIRED");
    const before = await entries();
    for (let i = 0; i < 40; i++) expect(await answer(world.signed(pending, {}, newTestKey()))).toBe("EXPIRED");
    expect(await entries()).toBe(before + 60);
  });

  test("row 5: so are keys that nobody knows", async () => {
    for (let i = 0; i < 30; i++) expect(await answer(world.signed(pending, {}, newTestKey()))).toBe("UNKNOWN_KEY");
    expect(await answer(world.signed(pending, {}, newTestKey()))).toBe("RATE_LIMITED");
  });

  test("row 6: a flood of bad signatures does not keep the user's own statement out, nor his reject", async () => {
    const impostor = { ...newTestKey(), keyId: world.key.keyId };
    for (let i = 0; i < 31; i++) await answer(world.signed(pending, {}, impostor));
    expect(await answer(world.signed(pending, { code: world.wrongCode(pending) }))).toBe("WRONG_CODE");
    expect(await answer(world.signed(pending))).toBe("CONFIRMED");
    expect(await answer(world.reject(pending))).toBe("REJECTED");
  });
});

async function submitWrong(of: Transaction, i = 1): Promise<string> {
  return answer(world.signed(of, { code: world.wrongCode(of, i) }), of);
}

async function notices(): Promise<unknown[]> {
  return (await world.deliveries()).map(({ wanted }) => ("notice" in wanted ? wanted.notice?.type : undefined));
}

describe("check 06: wrong codes in a row", () => {
  test("check 06: 5 in a row across transactions block the user, who was warned before", async () => {
    const second = await world.pending();
    await submitWrong(pending, 1);
    await submitWrong(pending, 2);
    await submitWrong(second, 1);
    await submitWrong(second, 2);
    expect((await world.user()).state).toBe("ACTIVE");
    expect(await notices()).toContain("LAST_WARNING");
    expect(await submitWrong(second, 3)).toBe("LOCKED");
    expect(await world.user()).toMatchObject({ state: "BLOCKED", wrongInARow: 5 });
    expect(await notices()).toContain("BLOCKED");
    expect(await answer(world.signed(pending))).toBe("USER_BLOCKED");
  });

  test("check 06: a confirmed transaction sets the row back, nothing else does", async () => {
    const second = await world.pending();
    await submitWrong(pending, 1);
    await submitWrong(pending, 2);
    expect((await world.user()).wrongInARow).toBe(2);
    world.clock.advance(30_000);
    expect((await world.user()).wrongInARow).toBe(2);
    expect(await answer(world.signed(second), second)).toBe("CONFIRMED");
    expect((await world.user()).wrongInARow).toBe(0);
  });
});

describe("check 07: the code belongs to its transaction", () => {
  test("check 07: the code of A fails on B", async () => {
    const other = await world.pending();
    const code = world.code(pending) === world.code(other) ? world.wrongCode(other) : world.code(pending);
    expect(await answer(world.signed(other, { code }), other)).toBe("WRONG_CODE");
  });

  test("threat 04: the statement of A is refused for B", async () => {
    const other = await world.pending();
    expect(await answer(world.signed(pending), other)).toBe("STATEMENT_MISMATCH");
  });
});

describe("check 04: one success only", () => {
  test("check 04: 100 parallel correct submits of one statement confirm it once", async () => {
    const signed = world.signed(pending);
    const answers = await Promise.all(Array.from({ length: 100 }, () => answer(signed)));
    expect(new Set(answers)).toEqual(new Set(["CONFIRMED"]));
    expect(await world.audited("statement.accepted")).toBe(1);
  });

  test("check 04: 100 parallel correct statements of their own confirm it once", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => answer(world.signed(pending))));
    expect(answers.filter((one) => one === "CONFIRMED")).toHaveLength(1);
    expect(await world.audited("statement.accepted")).toBe(1);
    expect((await world.transaction(pending.txId)).state).toBe("CONFIRMED");
  });
});
