import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { testStoreContract } from "../store-contract.ts";
import { changing, drawId, peerKey, writing } from "../store-fixture.ts";
import { openClusterLink } from "./cluster-link.ts";
import { RedisStore, type RedisStoreOptions } from "./redis-store.ts";
import { linkTo, TEST_KEY } from "./testing/open-test-store.ts";
import { startCluster, until, type TestCluster } from "./testing/redis-cluster.ts";
import { hasRedis } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let cluster: TestCluster;

async function openStore(prefix: string, more: Partial<RedisStoreOptions> = {}, replicas = 1): Promise<RedisStore> {
  const ports = cluster.servers.map(({ port }) => port);
  // A replica on a busy machine is slow and not gone.
  const deadlineMs = replicas === 0 ? 20_000 : 60_000;
  const durability = { replicas, waitAof: false, waitMs: 50_000 };
  const link = await openClusterLink(linkTo(ports, { durability, deadlineMs }));
  const store = new RedisStore({ link, macKey: TEST_KEY, prefix, ...more });
  await store.listen();
  return store;
}

if (hasRedis) {
  beforeAll(async () => {
    cluster = await startCluster(join(folder, "cluster"));
  });
  afterAll(() => cluster.stop());
  testStoreContract("the store over a Cluster of six nodes, one replica waited for", (clock) =>
    openStore(drawId(), { clock }),
  );
}

peerTest("D1: every shard of a Cluster takes commits, with one replica waited for", async () => {
  const store = await openStore(drawId());
  const shards = Array.from({ length: 64 }, (_, i) => i * 16);
  const outcomes = await Promise.all(shards.map((shard) => store.commit(shard, changing([writing("a", "", "x")]))));
  expect(new Set(outcomes)).toEqual(new Set(["committed"]));
  const [first] = (await store.load(16, peerKey("a"))).entities;
  expect(first.version).toBe("1");
  await store.close();
});

peerTest(
  "D1: a master is killed: its replica serves on, with all that was acknowledged, in another epoch",
  async () => {
    const prefix = drawId();
    const store = await openStore(prefix);
    const shards = Array.from({ length: 48 }, (_, i) => i * 21);
    const first = await Promise.all(shards.map((shard) => store.commit(shard, changing([writing("a", "", "before")]))));
    expect(new Set(first)).toEqual(new Set(["committed"]));
    await store.close();
    const alone = await openStore(prefix, {}, 0); // one of three masters will have no replica
    const told: number[] = [];
    alone.subscribe((shard) => told.push(shard));
    await Promise.all(shards.map((shard) => alone.load(shard)));
    await cluster.failsOver();
    await cluster.servers[0]!.stop();
    await until(async () => {
      const loads = await Promise.allSettled(shards.map((shard) => alone.load(shard, peerKey("a"))));
      return loads.every(({ status }) => status === "fulfilled");
    });
    const loaded = await Promise.all(shards.map((shard) => alone.load(shard, peerKey("a"))));
    expect(loaded.map(({ entities }) => entities[0].body?.userId)).toEqual(shards.map(() => "before"));
    const moved = loaded.filter(({ epoch }) => epoch === 2).length;
    expect(moved).toBeGreaterThan(5);
    expect(moved).toBeLessThan(40);
    const again = await Promise.all(
      shards.map((shard, i) =>
        alone.commit(shard, changing([writing("a", "1", "after")], { epoch: loaded[i]!.epoch })),
      ),
    );
    expect(new Set(again)).toEqual(new Set(["committed"]));
    await alone.close();
  },
);
