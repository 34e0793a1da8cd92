// No reader is told what a failover could take back. docs/protocol/store.md section 8.
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, drawId, peerKey, seen, SHARD, TENANT, writing } from "../store-fixture.ts";
import type { Shard } from "../entity.ts";
import { StoreUnavailableError, type AnyWrite, type Store } from "../store.ts";
import type { RedisStore } from "./redis-store.ts";
import { openTestStore } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const started: RedisServer[] = [];
const stores: Store[] = [];
const OTHER_SHARD = SHARD + 1;
/** Long enough for a replica on a busy machine; each refusal takes as long. */
const durability = { replicas: 1, waitAof: false, waitMs: 1500 };

async function start(options: { port?: number; folder?: string; settings?: string[] } = {}): Promise<RedisServer> {
  const { settings = [] } = options;
  const soon = ["--repl-diskless-sync-delay", "0"];
  const server = await startRedis({ folder: join(folder, drawId()), ...options, settings: [...soon, ...settings] });
  started.push(server);
  return server;
}

async function replicaOf(master: RedisServer): Promise<RedisServer> {
  const settings = ["--replicaof", `127.0.0.1 ${master.port}`];
  const replica = await start({ settings });
  await until(async () => String(await master.command("INFO", "replication")).includes("state=online"));
  // What a replica was given at first is on its disk only when its file was rewritten.
  await until(async () => {
    const info = String(await replica.command("INFO", "persistence"));
    return info.includes("aof_rewrite_in_progress:0") && info.includes("aof_rewrite_scheduled:0");
  });
  return replica;
}

async function core(port: number): Promise<RedisStore> {
  const store = await openTestStore(port, "t", {}, { durability, deadlineMs: 30_000 });
  stores.push(store);
  return store;
}

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function eventually<T>(work: () => Promise<T>): Promise<T> {
  let result: T | undefined;
  await until(async () => {
    try {
      result = await work();
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailableError);
      return false;
    }
  });
  return result!;
}

async function committed(store: Store, shard: Shard, write: AnyWrite): Promise<void> {
  const change = changing([write]);
  const said = await store.commit(shard, change);
  expect(said === "unknown" ? await eventually(() => store.outcome(shard, change.changeId)) : said).toBe("committed");
}

peerTest(
  "a change that no replica has is told to nobody; the failover takes it back, and both cores agree",
  async () => {
    const master = await start();
    const replica = await replicaOf(master);
    const [left, right] = [await core(master.port), await core(master.port)];
    const index = { owner: "ann", sort: 1 };
    await committed(left, SHARD, writing("a", "", "before", index));
    await committed(left, OTHER_SHARD, writing("b", "", "elsewhere"));
    const { version } = await eventually(() => seen(right, "a"));
    await eventually(() => seen(right, "b", OTHER_SHARD));

    replica.process.kill("SIGSTOP");
    const change = changing([writing("a", version, "in doubt", index)]);
    expect(await left.commit(SHARD, change)).toBe("unknown");
    const asked = await Promise.allSettled([
      ...[left, right].flatMap((store) => [
        store.load(SHARD, peerKey("a")),
        store.outcome(SHARD, change.changeId),
        store.list(SHARD, "peer", "ann", { tenant: TENANT, limit: 9 }),
        store.audit(SHARD, 1, 9),
      ]),
    ]);
    for (const result of asked) {
      expect(result).toMatchObject({ status: "rejected", reason: { name: "StoreUnavailableError" } });
    }
    // What every replica is known to have needs none of them.
    expect((await seen(right, "b", OTHER_SHARD)).note).toBe("elsewhere");

    await master.stop("SIGKILL");
    await replica.stop("SIGKILL"); // what was on its way to it is gone
    const promoted = await start({ folder: replica.folder, port: master.port });
    await replicaOf(promoted);
    const after = await Promise.all([left, right].map((store) => eventually(() => store.load(SHARD, peerKey("a")))));
    expect(after.map(({ entities }) => entities[0].body?.userId)).toEqual(["before", "before"]);
    expect(after[0]!.epoch).toBe(after[1]!.epoch);
    expect(after[0]!.epoch).toBeGreaterThan(1);
    expect(await eventually(() => left.outcome(SHARD, change.changeId))).toBe("absent");
  },
);

peerTest("a reader waits for a replica that is behind, and answers once it has it", async () => {
  const master = await start();
  const replica = await replicaOf(master);
  const [left, right] = [await core(master.port), await core(master.port)];
  await committed(left, SHARD, writing("a", "", "before"));
  const { version } = await eventually(() => seen(right, "a"));
  replica.process.kill("SIGSTOP");
  expect(await left.commit(SHARD, changing([writing("a", version, "after")]))).toBe("unknown");
  await expect(right.load(SHARD, peerKey("a"))).rejects.toThrow("too few replicas have what was read");
  replica.process.kill("SIGCONT");
  const loaded = await Promise.all([left, right].map((store) => eventually(() => store.load(SHARD, peerKey("a")))));
  expect(loaded.map(({ entities }) => entities[0].body?.userId)).toEqual(["after", "after"]);
});

peerTest("after a failover nothing counts as held before the new master's replica has it", async () => {
  const master = await start();
  const replica = await replicaOf(master);
  const store = await core(master.port);
  await committed(store, SHARD, writing("a", "", "before"));
  expect((await eventually(() => seen(store, "a"))).note).toBe("before");
  await master.stop("SIGKILL");
  await replica.stop("SIGKILL");
  const promoted = await start({ folder: replica.folder, port: master.port });
  // It is alone: each answer would be one that its own loss takes back.
  await until(async () => {
    const said = await store.load(SHARD, peerKey("a")).then(
      () => "answered",
      (error: unknown) => String(error),
    );
    expect(said).not.toBe("answered");
    return said.includes("too few replicas");
  });
  await replicaOf(promoted);
  const { entities } = await eventually(() => store.load(SHARD, peerKey("a")));
  expect(entities[0].body?.userId).toBe("before");
});
