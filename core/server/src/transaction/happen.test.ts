import { beforeEach, describe, expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import { alterStore } from "../testing/altered-store.ts";
import { CoreWorld, drawHexId } from "../testing/core-world.ts";
import { expireTransaction, happen } from "./happen.ts";
import type { Transaction } from "./transaction.ts";

const cancel = { type: "cancelled", by: "app", detail: "" } as const;

let world: CoreWorld;
let pending: Transaction;

beforeEach(async () => {
  world = await CoreWorld.open();
  pending = await world.pending();
});

describe("the commit decides", () => {
  test("check 03: an event judged in time and committed late does not happen", async () => {
    const given = alterStore(world.given, (commit, ...args) => {
      world.clock.advance(600_000);
      return commit(...args);
    });
    expect(await happen(given, pending.txId, cancel, "test")).toMatchObject({ refused: "EXPIRED" });
    expect((await world.transaction(pending.txId)).state).toBe("EXPIRED");
  });

  test("an unknown commit that was one happens once", async () => {
    let commits = 0;
    const given = alterStore(world.given, async (commit, ...args) => {
      commits += 1;
      await commit(...args);
      return "unknown";
    });
    expect(await happen(given, pending.txId, cancel, "test")).toMatchObject({ state: "CANCELLED", version: 2 });
    expect(commits).toBe(1);
  });

  test("an unknown commit that was none is tried again", async () => {
    let commits = 0;
    const given = alterStore(world.given, (commit, ...args) => {
      commits += 1;
      return commits === 1 ? Promise.resolve("unknown") : commit(...args);
    });
    expect(await happen(given, pending.txId, cancel, "test")).toMatchObject({ state: "CANCELLED", version: 2 });
    expect(commits).toBe(2);
  });

  test("what never settles is UNAVAILABLE", async () => {
    const given = alterStore(world.given, () => Promise.resolve("conflict"));
    expect(await happen(given, pending.txId, cancel, "test")).toMatchObject({ refused: "UNAVAILABLE" });
    expect((await world.transaction(pending.txId)).state).toBe("PENDING");
  });

  test("a veto and a confirmation at once: one wins, the other is judged on it", async () => {
    const confirmation = { keyId: "", signedStatement: new Uint8Array(0), at: 0 };
    const outcomes = await Promise.all([
      happen(world.given, pending.txId, { type: "statement-accepted", confirmation }, "a"),
      happen(world.given, pending.txId, { type: "vetoed", reason: undefined, onKey: false, mayFreeze: true }, "b"),
      happen(world.given, pending.txId, cancel, "c"),
    ]);
    const after = await world.transaction(pending.txId);
    expect(["REJECTED", "CANCELLED"]).toContain(after.state);
    expect(outcomes.some((one) => !isRefusal(one) && one.state === after.state)).toBe(true);
  });
});

async function sweep(): Promise<number> {
  const due = await world.given.store.due(world.given.store.now(), 100);
  const found = due.filter(({ key }) => key.type === "transaction");
  for (const one of found) await expireTransaction(world.given, one);
  return found.length;
}

describe("the sweeper", () => {
  test("finds what expired, once, and frees its place", async () => {
    expect(await sweep()).toBe(0);
    world.clock.advance(135_000);
    expect(await sweep()).toBe(1);
    expect((await world.transaction(pending.txId)).state).toBe("EXPIRED");
    expect((await world.user()).open).toEqual([]);
    expect(await sweep()).toBe(0);
  });

  test("check 14: finds a lease that lapsed, then the end of claimBy", async () => {
    const confirmation = { keyId: "", signedStatement: new Uint8Array(0), at: 0 };
    const { txDigest } = pending;
    const claim = { type: "claimed", claimId: "1", appId: "a", txDigest, leaseMs: 60_000, idempotent: false } as const;
    await happen(world.given, pending.txId, { type: "statement-accepted", confirmation }, "test");
    await happen(world.given, pending.txId, claim, "test");
    world.clock.advance(60_000);
    expect(await sweep()).toBe(1);
    expect(await world.transaction(pending.txId)).toMatchObject({ state: "CONFIRMED", lapsed: { fence: 1 } });
    world.clock.advance(540_000);
    expect(await sweep()).toBe(1);
    expect((await world.transaction(pending.txId)).state).toBe("EXPIRED");
  });
});

test("nothing happens to what does not exist", async () => {
  expect(await happen(world.given, drawHexId(), cancel, "test")).toMatchObject({ refused: "UNKNOWN_TRANSACTION" });
});

test("every step is in the audit, with what came of it and no code", async () => {
  await happen(world.given, pending.txId, cancel, "app:1");
  const shard = Number.parseInt(pending.txId.slice(0, 4), 16);
  const entries = await world.given.store.audit(shard, 0, 1000);
  // Ids are random: what is of others may lie in this shard too.
  const ofThis = `transaction:${pending.txId}`;
  const events = entries.flatMap((entry) => entry.events).filter(({ subject }) => subject === ofThis);
  expect(events.map(({ event }) => event)).toEqual(["transaction.created", "transaction.cancelled"]);
  expect(events.at(-1)).toMatchObject({ actor: "app:1", detail: { from: "PENDING", state: "CANCELLED" } });
  expect(JSON.stringify(events)).not.toContain(world.code(pending));
});
