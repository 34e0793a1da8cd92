// Whoever has much read or judged, everybody else has his turn meanwhile: payments above all.
import { expect, test } from "@jest/globals";
import { AdminServiceSimulatePolicyRequest } from "@countersign/proto/node/admin/v1/admin_service";
import type { CoreGiven } from "../given.ts";
import { userEntryWrite } from "../identity/create-user.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfUser } from "../store/entity.ts";
import { CoreWorld, drawHexId, newTestKey } from "../testing/core-world.ts";
import { readPage, type PageStart } from "./page.ts";
import { simulatePolicy } from "./simulate-policy.ts";
import { storedTenant } from "./tenant-of.ts";
import { walkAudit } from "./walk-audit.ts";
import { walkUsers } from "./walk-users.ts";

/** The most that was read of the store within one turn of the event loop. */
async function mostATurn(given: CoreGiven, work: (given: CoreGiven) => Promise<unknown>): Promise<number> {
  let [reads, most] = [0, 0];
  const over = new AbortController();
  const store = new Proxy(given.store, {
    get: (of, name) => {
      const member: unknown = Reflect.get(of, name);
      if (typeof member !== "function") return member;
      if (name === "audit" || name === "load" || name === "list") reads += 1;
      return (member as (...args: unknown[]) => unknown).bind(of);
    },
  });
  const counting = (async () => {
    while (!over.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      [reads, most] = [0, Math.max(most, reads)];
    }
  })();
  // The index is the core's own, and has its turns by itself.
  await work({ ...given, store, readModel: readModelOf(given) });
  over.abort();
  await counting;
  return most;
}

function firstPage(): PageStart {
  const start = readPage({ pageSize: 100, pageToken: "" }, []);
  if (isRefusal(start)) throw new Error(start.message);
  return start;
}

/** Of how many shards nothing is in most. */
const A_PAGE_OF_SHARDS = 70;

test("all users of a tenant", async () => {
  const { given, tenantId } = await CoreWorld.open();
  const most = await mostATurn(given, async (counted) => {
    const walk = walkUsers(counted, tenantId);
    while ((await walk.next()).done !== true);
  });
  expect(most).toBeLessThan(A_PAGE_OF_SHARDS);
});

test("the whole audit", async () => {
  const { given } = await CoreWorld.open();
  const none = { only: undefined, wants: () => false };
  const most = await mostATurn(given, (counted) => walkAudit(counted, none, firstPage()));
  expect(most).toBeLessThan(A_PAGE_OF_SHARDS);
});

test("what other rules would have made of many transactions", async () => {
  const world = await CoreWorld.open();
  const { given, tenantId } = world;
  const [payers, ofEach] = [10, 8];
  const made = payers * ofEach;
  for (let payer = 0; payer < payers; payer++) {
    const name = { tenantId, userId: `payer-${payer}` };
    await world.addUser(name, newTestKey(), drawHexId());
    await world.commit(shardOfUser(tenantId, name.userId), [userEntryWrite(await world.user(name))]);
    for (let i = 0; i < ofEach; i++) {
      world.clock.advance(300_000);
      await world.pending(name);
    }
  }
  const tenant = await storedTenant(given, tenantId);
  const request = AdminServiceSimulatePolicyRequest.create({ documentJson: '{"digits":8}', transactions: 1000 });
  const simulate = async (counted: CoreGiven): Promise<number> => {
    const told = await simulatePolicy(counted, tenant, request);
    return isRefusal(told) ? 0 : told.differences.length;
  };
  expect(await simulate(given)).toBe(made);
  expect(await mostATurn(given, simulate)).toBeLessThan(made / 2);
});
