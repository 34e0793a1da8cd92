import { beforeEach, describe, expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import type { Found } from "../store/store.ts";
import { Crash, crashAt } from "../testing/altered-store.ts";
import { CoreWorld, newTestKey, signStatement, type TestKey } from "../testing/core-world.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { finishOpenCompare } from "./finish-open-compare.ts";
import { OPEN_COMPARE_MS, submitStatement } from "./submit-statement.ts";

let world: CoreWorld;
let pending: Transaction;

beforeEach(async () => {
  world = await CoreWorld.open();
  pending = await world.pending();
});

/** Counts the try, then crashes before the verdict. */
async function interrupted(signed: Uint8Array): Promise<void> {
  const ask = { txId: pending.txId, tenantId: world.tenantId, signed };
  await expect(submitStatement(crashAt(world.given, 2), ask)).rejects.toThrow(Crash);
}

async function answer(signed: Uint8Array): Promise<string> {
  const ask = { txId: pending.txId, tenantId: world.tenantId, signed };
  const submitted = await submitStatement({ ...world.given }, ask);
  return isRefusal(submitted) ? submitted.refused : submitted.state;
}

/** What the sweeper of a restarted core does. */
async function recover(): Promise<number> {
  world.clock.advance(OPEN_COMPARE_MS);
  const due = await world.given.store.due(world.given.store.now(), 100);
  const open = due.filter(({ key }) => key.type === "judged") as Found<"judged">[];
  for (const found of open) await finishOpenCompare({ ...world.given }, found);
  return open.length;
}

describe("check 05: a crash between the counted try and its verdict", () => {
  test("check 05: a crash before the first commit costs nothing", async () => {
    const signed = world.signed(pending);
    const ask = { txId: pending.txId, tenantId: world.tenantId, signed };
    await expect(submitStatement(crashAt(world.given, 1), ask)).rejects.toThrow(Crash);
    expect((await world.transaction(pending.txId)).triesLeft).toBe(3);
    expect(await recover()).toBe(0);
    expect(await answer(signed)).toBe("CONFIRMED");
  });

  test("check 05: try, counter and statement are durable before the compare", async () => {
    const signed = world.signed(pending);
    await interrupted(signed);
    expect(await world.transaction(pending.txId)).toMatchObject({ state: "PENDING", triesLeft: 2 });
    expect((await world.loadKey()).counter.highest).toBe(1);
  });

  test("check 05: recovery finishes a right one, once", async () => {
    await interrupted(world.signed(pending));
    expect(await recover()).toBe(1);
    expect((await world.transaction(pending.txId)).state).toBe("CONFIRMED");
    expect(await recover()).toBe(0);
  });

  test("check 05: recovery finishes a wrong one and counts it in the row", async () => {
    const wrong = world.signed(pending, { code: world.wrongCode(pending) });
    await interrupted(wrong);
    expect(await recover()).toBe(1);
    expect(await world.transaction(pending.txId)).toMatchObject({ state: "PENDING", lastRefusal: "WRONG_CODE" });
    expect((await world.user()).wrongInARow).toBe(1);
    expect(await answer(wrong)).toBe("WRONG_CODE");
    expect((await world.transaction(pending.txId)).triesLeft).toBe(2);
  });

  test("check 05: the client that asks again finishes it", async () => {
    const signed = world.signed(pending);
    await interrupted(signed);
    expect(await answer(signed)).toBe("CONFIRMED");
    expect((await world.transaction(pending.txId)).triesLeft).toBe(2);
    expect(await recover()).toBe(0);
  });

  test.each(["recovery", "the client"])("check 05: 0 tries without a verdict is LOCKED, found by %s", async (who) => {
    for (const i of [1, 2]) await answer(world.signed(pending, { code: world.wrongCode(pending, i) }));
    const right = world.signed(pending);
    await interrupted(right);
    expect(await world.transaction(pending.txId)).toMatchObject({ state: "PENDING", triesLeft: 0 });
    if (who === "recovery") await recover();
    expect(await answer(right)).toBe("LOCKED");
    expect((await world.transaction(pending.txId)).state).toBe("LOCKED");
    expect(await answer(world.signed(pending))).toBe("STATE_CONFLICT");
  });

  test("check 05: another statement while the last try is being compared waits, and is not compared", async () => {
    for (const i of [1, 2]) await answer(world.signed(pending, { code: world.wrongCode(pending, i) }));
    await interrupted(world.signed(pending, { code: world.wrongCode(pending, 3) }));
    expect(await answer(world.signed(pending))).toBe("RATE_LIMITED");
    await recover();
    expect(await answer(world.signed(pending))).toBe("STATE_CONFLICT");
    expect(await world.audited("statement.counted")).toBe(3);
  });

  test("a compare that outlived its transaction ends with it", async () => {
    const signed = world.signed(pending);
    await interrupted(signed);
    world.clock.advance(600_000);
    expect(await recover()).toBe(1);
    expect((await world.transaction(pending.txId)).state).not.toBe("CONFIRMED");
    expect(await answer(signed)).toBe("EXPIRED");
  });

  test.each([
    ["a signature that does not hold", (key: TestKey): TestKey => ({ ...newTestKey(), keyId: key.keyId })],
    ["a key of the malware's", (): TestKey => newTestKey()],
  ])("threat 05: an open compare is finished as it was signed, not as it comes again: %s", async (_name, forge) => {
    const statement = world.statement(pending);
    const signed = signStatement(world.key, statement);
    await interrupted(signed);
    expect(await answer(signStatement(forge(world.key), statement))).toBe("CONFIRMED");
    const { confirmation } = (await world.transaction(pending.txId)) as { confirmation?: unknown };
    expect(confirmation).toMatchObject({ keyId: world.key.keyId, signedStatement: signed });
  });

  test("claim 14: a key revoked between the two commits confirms nothing", async () => {
    const signed = world.signed(pending);
    await interrupted(signed);
    await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED" });
    expect(await answer(signed)).toBe("KEY_REVOKED");
    expect((await world.transaction(pending.txId)).state).toBe("PENDING");
  });

  test("claim 14: a user frozen between the two commits confirms nothing", async () => {
    const signed = world.signed(pending);
    await interrupted(signed);
    await world.changeUser({ state: "FROZEN" });
    expect(await answer(signed)).toBe("USER_BLOCKED");
  });
});
