import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { testStoreContract } from "../store-contract.ts";
import { changing, drawId, peerKey, writing } from "../store-fixture.ts";
import { openClusterLink } from "./cluster-link.ts";
import { RedisStore, type RedisStoreOptions } from "./redis-store.ts";
import { linkTo, TEST_KEY } from "./testing/open-test-store.ts";
import { startCluster, type TestCluster } from "./testing/redis-cluster.ts";
import { hasRedis } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let cluster: TestCluster;

async function openStore(prefix: string, more: Partial<RedisStoreOptions> = {}, replicas = 1): Promise<RedisStore> {
  const ports = cluster.servers.map(({ port }) => port);
  const link = await openClusterLink(linkTo(ports, { durability: { replicas, waitAof: false, waitMs: 1000 } }));
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
