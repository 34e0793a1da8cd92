// Two cores on one Redis: each one's index has what the other committed.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { openLog } from "../log.ts";
import { drawId } from "../store/store-fixture.ts";
import { openTestStore } from "../store/redis/testing/open-test-store.ts";
import { until } from "../store/redis/testing/redis-cluster.ts";
import { hasRedis, startRedis, type RedisServer } from "../store/redis/testing/redis-server.ts";
import { STANDINGS } from "../testing/transaction-fixture.ts";
import { everyTransaction, findTransactions } from "./find-transactions.ts";
import { ReadModel } from "./read-model.ts";
import { History, TENANTS } from "./testing/history.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

const [tenantId = ""] = TENANTS;
const anything = everyTransaction(tenantId);

/** Names with states, sorted; undefined while it is being built. */
function told(model: ReadModel): Promise<string[] | undefined> {
  return model.use(async (file) => {
    const found: string[] = [];
    for (const state of ["PENDING", "EXECUTED"]) {
      for await (const { txId } of findTransactions(file, { ...anything, states: [state] }, undefined)) {
        found.push(`${txId} ${state}`);
      }
    }
    return found.toSorted();
  });
}

async function expected(...histories: readonly History[]): Promise<string[]> {
  const all = await Promise.all(histories.map((history) => history.transactions()));
  return all
    .flat()
    .filter((one) => one.tenantId === tenantId && ["PENDING", "EXECUTED"].includes(one.state))
    .map(({ txId, state }) => `${txId} ${state}`)
    .toSorted();
}

const EXECUTED = Object.keys(STANDINGS).indexOf("EXECUTED");

peerTest("each core finds what the other committed, before its index was built and after", async () => {
  const prefix = drawId();
  const stores = [await openTestStore(server.port, prefix), await openTestStore(server.port, prefix)] as const;
  const [left, right] = [new History(() => stores[0]), new History(() => stores[1])];
  const models = stores.map((store) => new ReadModel({ store, log: openLog("silent"), serverId: "f".repeat(32) }));
  const areSame = async (): Promise<boolean> => {
    const wanted = JSON.stringify(await expected(left, right));
    const all = await Promise.all(models.map(told));
    return all.every((one) => JSON.stringify(one) === wanted);
  };
  try {
    for (let i = 0; i < 6; i++) await left.happen({ what: "create", which: 0, how: i });
    await until(areSame);
    for (let i = 0; i < 4; i++) {
      await right.happen({ what: "create", which: 0, how: i });
      await left.happen({ what: "move", which: i, how: EXECUTED });
    }
    await until(areSame);
    expect(await told(models[0]!)).toEqual(await expected(left, right));
    expect((await expected(left, right)).filter((one) => one.endsWith("EXECUTED"))).toHaveLength(4);
  } finally {
    await Promise.all(models.map((model) => model.close()));
    await Promise.all(stores.map((store) => store.close()));
  }
});
