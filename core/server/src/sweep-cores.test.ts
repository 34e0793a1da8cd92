// Several cores sweep one store: each thing that is due is done once, and mostly by one of them alone.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { openLog } from "./log.ts";
import { changing, deleting, drawId, writing } from "./store/store-fixture.ts";
import type { EntityKey } from "./store/entity.ts";
import type { Found, Store } from "./store/store.ts";
import type { RedisStore } from "./store/redis/redis-store.ts";
import { openTestStore } from "./store/redis/testing/open-test-store.ts";
import { until } from "./store/redis/testing/redis-cluster.ts";
import { hasRedis, startRedis, type RedisServer } from "./store/redis/testing/redis-server.ts";
import { Sweeper } from "./sweep.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const DUE = 60;
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

/** What a core did about what was due. */
interface Work {
  /** How often it took something up, also in vain. */
  handled: number;
  readonly done: string[];
}

/** Loads, and takes it away if it is there still: as every handler of the core does. */
async function take(store: Store, { shard, key }: Found, work: Work): Promise<void> {
  work.handled += 1;
  const { entities } = await store.load(shard, key as EntityKey<"peer">);
  if (entities[0].version === "") return;
  const outcome = await store.commit(shard, changing([deleting(key.id, entities[0].version)]));
  if (outcome === "committed") work.done.push(key.id);
}

peerTest("three cores sweep: everything that is due is done, by whoever comes first, once", async () => {
  const prefix = drawId();
  const stores = await Promise.all([0, 1, 2].map(() => openTestStore(server.port, prefix)));
  const first = stores[0] as RedisStore;
  const start = first.now();
  for (let shard = 0; shard < DUE; shard += 1) {
    await first.commit(shard, changing([writing(`e${shard}`, "", "x", { due: start + shard * 5 })]));
  }
  const works = stores.map((): Work => ({ handled: 0, done: [] }));
  const sweepers = stores.map((store, i) => {
    const work = works[i] as Work;
    return new Sweeper({ store, log: openLog("silent"), soleCore: false }, { peer: (one) => take(store, one, work) });
  });
  for (const sweeper of sweepers) sweeper.start();
  await until(async () => (await first.nextDue()) === undefined);
  for (const sweeper of sweepers) await sweeper.stop();
  const done = works.flatMap((work) => work.done);
  expect(done).toHaveLength(DUE);
  expect(new Set(done).size).toBe(DUE);
  for (const store of stores) await store.close();
});
