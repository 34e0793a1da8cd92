import { expect, test } from "@jest/globals";
import type { CoreGiven } from "../given.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { submitStatement } from "./submit-statement.ts";

/** The same store after a failover: every load names another epoch, and commits are made under the old one. */
function failedOver(given: CoreGiven, epoch: number): CoreGiven {
  const real = given.store;
  const store = new Proxy(real, {
    get: (_target, name) => {
      if (name === "load") {
        return async (...args: Parameters<typeof real.load>) => ({ ...(await real.load(...args)), epoch });
      }
      if (name === "commit") {
        return (...[shard, change]: Parameters<typeof real.commit>) => real.commit(shard, { ...change, epoch: 1 });
      }
      const member: unknown = Reflect.get(real, name);
      return typeof member === "function" ? (member.bind(real) as unknown) : member;
    },
  });
  return { ...given, store };
}

test("check 05: a code of the epoch before is CODE_SUPERSEDED and costs no try; a new code is on its way", async () => {
  const world = await CoreWorld.open();
  const { txId, ...rest } = await world.pending();
  const before = { txId, ...rest };
  const given = failedOver(world.given, 2);
  const ask = { txId, tenantId: world.tenantId };
  const old = world.signed(before);
  expect(await submitStatement(given, { ...ask, signed: old })).toMatchObject({ refused: "CODE_SUPERSEDED" });
  const after = await world.transaction(txId);
  expect(after).toMatchObject({ state: "PENDING", triesLeft: 3, issue: { epoch: 2, n: 2 }, resends: 0 });
  expect(await world.deliveries()).toMatchObject([{ wanted: { phase: "full", issue: { epoch: 2, n: 2 } } }]);
  expect(await submitStatement(given, { ...ask, signed: old })).toMatchObject({ refused: "CODE_SUPERSEDED" });
  const right = world.signed(after);
  expect(await submitStatement(given, { ...ask, signed: right })).toMatchObject({ state: "CONFIRMED" });
});
