// What an outside observer and a crash see of assertions: the same as of statements (coarse-class.test.ts, open-compare.test.ts).
import { status } from "@grpc/grpc-js";
import { toHex } from "@countersign/protocol";
import { VerificationServiceSubmitAssertionRequest } from "@countersign/proto/node/core/v1/verification_service";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import type { Found } from "../store/store.ts";
import { alterStore, Crash, crashAt } from "../testing/altered-store.ts";
import { ask, CoreClients, Refused } from "../testing/core-server.ts";
import { CoreWorld, drawHexId, newTestKey } from "../testing/core-world.ts";
import { TestFidoKey, TOUCHED, type AssertChange } from "../testing/test-fido-key.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { finishOpenCompare } from "./finish-open-compare.ts";
import { OPEN_COMPARE_MS, submitStatement } from "./submit-statement.ts";

let world: CoreWorld;
let core: CoreClients;
let key: TestFidoKey;
let appToken: string;

beforeEach(async () => {
  world = await CoreWorld.open();
  core = await CoreClients.open(world);
  appToken = (await world.addApp(world.tenantId, "submit")).token;
  await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED" });
  key = new TestFidoKey("bank.example");
  await key.addTo(world);
});
afterEach(() => core.close());

interface Made {
  readonly by: TestFidoKey;
  readonly change: AssertChange;
}

type Make = (of: Transaction) => Made | Promise<Made>;

async function another(of: Transaction, state: "ACTIVE" | "REVOKED" | "PROVISIONAL"): Promise<Made> {
  const by = new TestFidoKey("bank.example");
  await by.addTo(world, { tenantId: of.tenantId, userId: of.userId }, { state });
  return { by, change: {} };
}

/** An assertion for each reason that leaves the transaction waiting. */
const STILL_WAITING: Readonly<Record<string, Make>> = {
  UNKNOWN_KEY: () => ({ by: new TestFidoKey("bank.example"), change: {} }),
  KEY_NOT_OWNED: async () => {
    const by = new TestFidoKey("bank.example");
    const otto = { tenantId: world.tenantId, userId: "otto" };
    await world.addUser(otto, newTestKey(), drawHexId());
    await by.addTo(world, otto);
    return { by, change: {} };
  },
  KEY_REVOKED: (of) => another(of, "REVOKED"),
  KEY_PROVISIONAL: (of) => another(of, "PROVISIONAL"),
  KEY_NOT_ACCEPTED: (of) => another(of, "ACTIVE"),
  BAD_SIGNATURE: () => ({ by: key, change: { clientData: { origin: "https://evil.example" } } }),
  STATEMENT_MISMATCH: () => ({ by: key, change: { statement: { nonce: new Uint8Array(32) } } }),
  COUNTER_REGRESSION: async () => {
    await world.changeKey(world.identity, key.keyId, { counter: { highest: 90, seen: 1n } });
    return { by: key, change: { signCount: 90 } };
  },
  POLICY_UNMET: () => ({ by: key, change: { flags: TOUCHED, signCount: 91 } }),
  WRONG_CODE: (of) => ({ by: key, change: { code: world.wrongCode(of), signCount: 92 } }),
};

async function refusedOf(of: Transaction, { by, change }: Made, token: string): Promise<Refused> {
  const { keyId, ...parts } = by.assertion(world, of, change);
  const request = VerificationServiceSubmitAssertionRequest.create({
    transactionId: of.txId,
    keyId: toHex(keyId),
    statement: Buffer.from(parts.statement),
    authenticatorData: Buffer.from(parts.authenticatorData),
    clientDataJson: Buffer.from(parts.clientDataJson),
    signature: Buffer.from(parts.signature),
  });
  return refusalOf(ask(core.verification, "submitAssertion", request, token));
}

async function refusalOf(asking: Promise<unknown>): Promise<Refused> {
  const error = await asking.then(
    () => undefined,
    (refused: unknown) => refused,
  );
  if (!(error instanceof Refused)) throw new Error("expected a refusal");
  return error;
}

test("check 17: within TRY_AGAIN every reply is the same bytes, those of a statement; the app learns the reason", async () => {
  const { transaction, confirmationToken } = await world.create();
  const request = { transactionId: transaction.txId, signedStatement: Buffer.from(new Uint8Array(80)) };
  const wires = new Set([
    (await refusalOf(ask(core.verification, "submitStatement", request, confirmationToken))).wire,
  ]);
  for (const [reason, make] of Object.entries(STILL_WAITING)) {
    const made = await make(transaction);
    wires.add((await refusedOf(transaction, made, confirmationToken)).wire);
    expect((await refusedOf(transaction, made, appToken)).reason).toBe(reason);
  }
  expect(wires.size).toBe(1);
});

describe("check 17: rows 5 to 12 cost the same work for an assertion", () => {
  test.each(Object.keys(STILL_WAITING))("check 17: %s takes two commits and the loads of any other", async (reason) => {
    const transaction = await world.pending();
    const { by, change } = await STILL_WAITING[reason]!(transaction);
    const signed = by.assert(world, transaction, change);
    const calls = { commits: 0, loads: 0 };
    const counting = alterStore(
      world.given,
      (commit, ...args) => {
        calls.commits += 1;
        return commit(...args);
      },
      (load) => {
        calls.loads += 1;
        return load();
      },
    );
    const asked = { txId: transaction.txId, tenantId: world.tenantId, signed };
    expect(await submitStatement(counting, asked)).toMatchObject({ refused: reason });
    expect(calls).toEqual({ commits: 2, loads: 5 });
  });
});

test("bytes of lengths that nothing has are refused before any row, naming the member", async () => {
  const of = await world.pending();
  const { keyId, ...parts } = key.assertion(world, of);
  const right = {
    transactionId: of.txId,
    keyId: toHex(keyId),
    statement: Buffer.from(parts.statement),
    authenticatorData: Buffer.from(parts.authenticatorData),
    clientDataJson: Buffer.from(parts.clientDataJson),
    signature: Buffer.from(parts.signature),
  };
  const wrong = [
    { keyId: "KEY" },
    { statement: Buffer.alloc(513) },
    { authenticatorData: Buffer.alloc(36) },
    { clientDataJson: Buffer.alloc(2049) },
    { signature: Buffer.alloc(7) },
  ];
  for (const change of wrong) {
    const request = VerificationServiceSubmitAssertionRequest.create({ ...right, ...change });
    const error = await refusalOf(ask(core.verification, "submitAssertion", request, appToken));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
  }
  const envelope = { transactionId: of.txId, signedStatement: Buffer.from(key.assert(world, of)) };
  expect((await refusalOf(ask(core.verification, "submitStatement", envelope, appToken))).code).toBe(
    status.INVALID_ARGUMENT,
  );
});

async function recover(): Promise<number> {
  world.clock.advance(OPEN_COMPARE_MS);
  const due = await world.given.store.due(world.given.store.now(), 100);
  const open = due.filter((found) => found.key.type === "judged") as Found<"judged">[];
  for (const found of open) await finishOpenCompare({ ...world.given }, found);
  return open.length;
}

describe("check 05: a crash between the counted try and its verdict, with an assertion", () => {
  let pending: Transaction;

  beforeEach(async () => {
    pending = await world.pending();
  });

  async function interrupted(signed: Uint8Array): Promise<void> {
    const asked = { txId: pending.txId, tenantId: world.tenantId, signed };
    await expect(submitStatement(crashAt(world.given, 2), asked)).rejects.toThrow(Crash);
  }

  async function answer(signed: Uint8Array): Promise<string> {
    const asked = { txId: pending.txId, tenantId: world.tenantId, signed };
    const found = await submitStatement({ ...world.given }, asked);
    return isRefusal(found) ? found.refused : found.state;
  }

  test("check 05: try, counter and assertion are durable before the compare, and recovery finishes it once", async () => {
    await interrupted(key.assert(world, pending, { signCount: 9 }));
    expect(await world.transaction(pending.txId)).toMatchObject({ state: "PENDING", triesLeft: 2 });
    expect((await world.loadKey(key.keyId)).counter.highest).toBe(9);
    expect(await recover()).toBe(1);
    expect((await world.transaction(pending.txId)).state).toBe("CONFIRMED");
    expect(await recover()).toBe(0);
  });

  test("check 05: the client that asks again finishes it; a wrong code stays wrong", async () => {
    const wrong = key.assert(world, pending, { code: world.wrongCode(pending) });
    await interrupted(wrong);
    expect([await answer(wrong), await answer(wrong)]).toEqual(["WRONG_CODE", "WRONG_CODE"]);
    expect((await world.transaction(pending.txId)).triesLeft).toBe(2);
  });

  test("threat 05: it is finished as it was signed, not as it comes again", async () => {
    const change = { signCount: 4 };
    const signed = key.assert(world, pending, change);
    await interrupted(signed);
    const forged = key.assert(world, pending, { ...change, signer: newTestKey().privateKey });
    expect(await answer(forged)).toBe("CONFIRMED");
    const { confirmation } = (await world.transaction(pending.txId)) as { confirmation?: unknown };
    expect(confirmation).toMatchObject({ keyId: key.keyId, signedStatement: signed });
  });

  test("check 21: a key revoked between the two commits confirms nothing", async () => {
    const signed = key.assert(world, pending);
    await interrupted(signed);
    await world.changeKey(world.identity, key.keyId, { state: "REVOKED" });
    expect(await answer(signed)).toBe("KEY_REVOKED");
    expect((await world.transaction(pending.txId)).state).toBe("PENDING");
  });
});

test("CODE_SUPERSEDED comes for an assertion over the code before", async () => {
  const { transaction } = await world.create();
  const old = key.assertion(world, transaction);
  world.clock.advance(60_000);
  await happen(world.given, transaction.txId, { type: "resent", epoch: 1 }, "test");
  const made = { by: key, change: { parts: old } };
  expect((await refusedOf(transaction, made, appToken)).reason).toBe("CODE_SUPERSEDED");
});
