// A clock that goes back does not bring back what a caller was told is over.
import { expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import { alterStore } from "../testing/altered-store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { submitStatement } from "./submit-statement.ts";

test("a statement that was told EXPIRED is never accepted, also when the clock goes back before the sweeper came", async () => {
  const world = await CoreWorld.open();
  const pending = await world.pending();
  const { txId, tenantId, expiresAt } = pending;
  const signed = world.signed(pending);
  const submit = async (): Promise<string> => {
    const answer = await submitStatement(world.given, { txId, tenantId, signed });
    return isRefusal(answer) ? answer.refused : answer.state;
  };
  const before = world.clock.now().getTime();
  world.clock.advance(expiresAt - before);
  expect(await submit()).toBe("EXPIRED");
  expect((await world.transaction(txId)).state).toBe("EXPIRED");
  world.clock.advance(before - expiresAt);
  expect(await submit()).toBe("EXPIRED");
  expect(await world.audited("statement.refused")).toBe(2);
  expect(await world.audited("transaction.time-came")).toBe(1);
});

test("one whose time came while its code was compared stays EXPIRED as well, for the next statement too", async () => {
  const world = await CoreWorld.open();
  const pending = await world.pending();
  const { txId, tenantId, expiresAt } = pending;
  const before = world.clock.now().getTime();
  const slow = alterStore(world.given, async (commit, shard, change) => {
    const outcome = await commit(shard, change);
    if (change.audit.some(({ event }) => event === "statement.counted")) world.clock.advance(expiresAt - before);
    return outcome;
  });
  const first = await submitStatement(slow, { txId, tenantId, signed: world.signed(pending) });
  expect(first).toMatchObject({ refused: "EXPIRED" });
  world.clock.advance(before - expiresAt);
  const second = await submitStatement(world.given, { txId, tenantId, signed: world.signed(pending) });
  expect(second).toMatchObject({ refused: "EXPIRED" });
  expect(await world.transaction(txId)).toMatchObject({ state: "EXPIRED", triesLeft: pending.triesLeft - 1 });
});
