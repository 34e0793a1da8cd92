import { SignatureType, RejectReason, Shown, encodeStatement } from "@countersign/protocol";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { alterStore } from "../testing/altered-store.ts";
import { ask, CoreClients, Refused } from "../testing/core-server.ts";
import { CoreWorld, drawHexId, newTestKey, signTyped } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "./submit-statement.ts";

let world: CoreWorld;
let core: CoreClients;

beforeEach(async () => {
  world = await CoreWorld.open();
  core = await CoreClients.open(world);
});
afterEach(() => core.close());

type Make = (of: Transaction) => Uint8Array | Promise<Uint8Array>;

/** A statement for each reason that leaves the transaction waiting. */
const STILL_WAITING: Readonly<Record<string, Make>> = {
  UNKNOWN_KEY: (of) => world.signed(of, {}, newTestKey()),
  KEY_NOT_OWNED: async (of) => {
    const other = newTestKey();
    await world.addUser({ tenantId: world.tenantId, userId: "otto" }, other, drawHexId());
    return world.signed(of, {}, other);
  },
  KEY_REVOKED: (of) => foreign(of, "REVOKED"),
  KEY_PROVISIONAL: (of) => foreign(of, "PROVISIONAL"),
  KEY_NOT_ACCEPTED: (of) => foreign(of, "ACTIVE"),
  BAD_SIGNATURE: (of) => signTyped(world.key, SignatureType.ENROLMENT, encodeStatement(world.statement(of))),
  STATEMENT_MISMATCH: (of) => world.signed(of, { nonce: new Uint8Array(32) }),
  COUNTER_REGRESSION: async (of) => {
    await world.changeKey(world.identity, world.key.keyId, { counter: { highest: 90, seen: 1n } });
    return world.signed(of, { counter: 90 });
  },
  POLICY_UNMET: (of) => world.signed(of, { shown: Shown.NOTHING, counter: 91 }),
  WRONG_CODE: (of) => world.signed(of, { code: world.wrongCode(of), counter: 92 }),
  CODE_SUPERSEDED: async (of) => {
    const signed = world.signed(of, { counter: 93 });
    world.clock.advance(60_000);
    await happen(world.given, of.txId, { type: "resent", epoch: 1 }, "test");
    return signed;
  },
};

async function foreign(of: Transaction, state: "ACTIVE" | "REVOKED" | "PROVISIONAL"): Promise<Uint8Array> {
  const second = newTestKey();
  await world.addKey(world.identity, second, { state });
  return world.signed(of, {}, second);
}

async function refusedOf(of: Transaction, signed: Uint8Array, token: string): Promise<Refused> {
  const request = { transactionId: of.txId, signedStatement: Buffer.from(signed) };
  const error = await ask(core.verification, "submitStatement", request, token).then(
    () => undefined,
    (refused: unknown) => refused,
  );
  if (!(error instanceof Refused)) throw new Error("expected a refusal");
  return error;
}

test("check 17: within TRY_AGAIN every reply is the same bytes; the app learns the exact reason", async () => {
  const { transaction, confirmationToken } = await world.create();
  const app = (await world.addApp(world.tenantId, "submit")).token;
  const wires = new Set<string>();
  for (const [reason, make] of Object.entries(STILL_WAITING)) {
    const signed = await make(transaction);
    const coarse = await refusedOf(transaction, signed, confirmationToken);
    expect(coarse.reason).toBe("TRY_AGAIN");
    wires.add(coarse.wire);
    expect((await refusedOf(transaction, signed, app)).reason).toBe(reason);
  }
  expect(wires.size).toBe(1);
});

test("check 17: within ENDED every reply is the same bytes", async () => {
  const wires = new Set<string>();
  const reasons: string[] = [];
  const app = (await world.addApp(world.tenantId, "submit")).token;
  const endings: readonly ((of: Transaction) => Promise<Uint8Array>)[] = [
    async (of) => world.reject(of, { reason: RejectReason.CHANGED_MY_MIND }),
    async (of) => {
      await happen(world.given, of.txId, { type: "cancelled", by: "app", detail: "" }, "test");
      return world.signed(of);
    },
    async (of) => {
      for (const i of [1, 2]) await refusedOf(of, world.signed(of, { code: world.wrongCode(of, i) }), app);
      return world.signed(of, { code: world.wrongCode(of, 3) });
    },
    async (of) => {
      world.clock.advance(600_000);
      return world.signed(of);
    },
  ];
  for (const end of endings) {
    const { transaction, confirmationToken } = await world.create();
    const signed = await end(transaction);
    const coarse = await refusedOf(transaction, signed, confirmationToken);
    expect(coarse.reason).toBe("ENDED");
    wires.add(coarse.wire);
    reasons.push((await refusedOf(transaction, signed, app)).reason);
  }
  expect(reasons).toEqual(["REJECTED", "STATE_CONFLICT", "LOCKED", "EXPIRED"]);
  expect(wires.size).toBe(1);
});

describe("check 17: rows 5 to 12 cost the same work", () => {
  test.each(Object.keys(STILL_WAITING))("check 17: %s takes two commits and the loads of any other", async (reason) => {
    const transaction = await world.pending();
    const signed = await STILL_WAITING[reason]!(transaction);
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
    const { txId } = transaction;
    expect(await submitStatement(counting, { txId, tenantId: world.tenantId, signed })).toMatchObject({
      refused: reason,
    });
    expect(calls).toEqual({ commits: 2, loads: 5 });
  });
});
