// A failover takes back commits that other cores were told of: what is committed in their place is told again.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, peerKey, SHARD, writing } from "../store-fixture.ts";
import type { AnyWrite } from "../store.ts";
import type { RedisStore } from "./redis-store.ts";
import { foundAgain, openTestStore } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { hasRedis, startRedis } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();

async function committed(store: RedisStore, write: AnyWrite): Promise<void> {
  const { epoch } = await store.load(SHARD);
  expect(await store.commit(SHARD, { ...changing([write]), epoch })).toBe("committed");
}

async function loaded(store: RedisStore, id: string): Promise<string> {
  return (await store.load(SHARD, peerKey(id))).entities[0].version;
}

peerTest("a core that had only heard of what is gone hears of what comes in its place", async () => {
  const first = await startRedis({ folder: join(folder, "first") });
  const [left, right] = [await openTestStore(first.port, "t"), await openTestStore(first.port, "t")];
  await committed(left, writing("a", "", "stays"));
  await loaded(right, "a");
  const told: string[] = [];
  right.subscribe((_, keys) => told.push(...keys.map(({ id }) => id)));
  cpSync(first.folder, join(folder, "behind"), { recursive: true });
  for (const id of ["b", "c", "d"]) await committed(left, writing(id, "", "is taken back"));
  await until(async () => told.includes("d"));

  await first.stop();
  const second = await startRedis({ folder: join(folder, "behind"), port: first.port });
  await foundAgain(left);
  expect(await loaded(left, "b")).toBe("");
  await committed(left, writing("e", "", "comes in its place"));
  await until(async () => told.includes("e"));
  await Promise.all([left.close(), right.close()]);
  await second.stop();
});
