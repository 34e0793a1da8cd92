import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { testStoreContract } from "../store-contract.ts";
import { changing, drawId, peerKey, SHARD, seen, writing } from "../store-fixture.ts";
import { openRedisLink } from "./open-redis-link.ts";
import { RedisStore, type RedisStoreOptions } from "./redis-store.ts";
import { linkTo, TEST_KEY } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { startSentinelSet, type SentinelSet } from "./testing/redis-sentinel.ts";
import { hasRedis } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let set: SentinelSet;

async function openStore(prefix: string, more: Partial<RedisStoreOptions> = {}, replicas = 1): Promise<RedisStore> {
  // A replica on a busy machine is slow and not gone.
  const deadlineMs = replicas === 0 ? 20_000 : 60_000;
  const durability = { replicas, waitAof: false, waitMs: 50_000 };
  const store = new RedisStore({
    link: await openRedisLink(linkTo(set.sentinelPorts, { durability, deadlineMs })),
    ...{ macKey: TEST_KEY, prefix, ...more },
  });
  await store.listen();
  return store;
}

if (hasRedis) {
  beforeAll(async () => {
    set = await startSentinelSet(join(folder, "set"));
  });
  afterAll(() => set.stop());
  testStoreContract("the store behind Sentinels, one replica waited for", (clock) => openStore(drawId(), { clock }));
}

peerTest("D1: after a failover the store goes on at the replica, in another epoch", async () => {
  const prefix = drawId();
  const writer = await openStore(prefix);
  expect(await writer.commit(SHARD, changing([writing("a", "", "before")]))).toBe("committed");
  await writer.close();
  const store = await openStore(prefix, {}, 0); // the other one of two servers will have no replica
  const { epoch } = await store.load(SHARD, peerKey("a"));
  await set.failsOver();
  await set.master.stop();
  await until(async () => {
    try {
      return (await store.load(SHARD, peerKey("a"))).epoch === epoch + 1;
    } catch {
      return false;
    }
  });
  const before = await seen(store, "a");
  expect(before.note).toBe("before");
  expect(await store.commit(SHARD, changing([writing("a", before.version, "old epoch")], { epoch }))).toBe("conflict");
  const after = changing([writing("a", before.version, "after")], { epoch: epoch + 1 });
  expect(await store.commit(SHARD, after)).toBe("committed");
  const events = (await store.audit(SHARD, 1, 10)).map((entry) => entry.events[0]?.event);
  expect(events).toEqual(["test.changed", "shard.epoch-began", "test.changed"]);
  await store.close();
});
