// A server that became a replica is asked by a core that does not know it yet. docs/protocol/store.md section 8.
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, drawId, peerKey, seen, SHARD, writing } from "../store-fixture.ts";
import { StoreUnavailableError } from "../store.ts";
import { openTestStore } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";
import { laySilentCable } from "./testing/silent-cable.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const ends: (() => Promise<void>)[] = [];
/** Nobody is given up while a busy machine takes its time. */
const SOON = ["--repl-diskless-sync-delay", "0", "--repl-timeout", "600"];

async function start(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis({ folder: join(folder, drawId()), settings: [...SOON, ...settings] });
  ends.push(() => server.stop());
  return server;
}

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const replicationOf = async (server: RedisServer): Promise<string> =>
  String(await server.command("INFO", "replication"));

const liveOf = async (server: RedisServer): Promise<string | undefined> =>
  /master_replid:(\w+)/.exec(await replicationOf(server))?.[1];

peerTest(
  "a master that was made to follow its lagging replica is unavailable and no alarm; it goes on once it is a master",
  async () => {
    const master = await start();
    const cable = await laySilentCable(master.port);
    ends.push(() => cable.stop());
    const replica = await start("--replicaof", `127.0.0.1 ${cable.port}`);
    await until(async () => (await replicationOf(master)).includes("state=online"));
    const troubles: string[] = [];
    const store = await openTestStore(master.port, "t", { onTrouble: ({ message }) => troubles.push(message) });
    ends.push(() => store.close());
    expect(await store.commit(SHARD, changing([writing("a", "", "both have it")]))).toBe("committed");
    const offset = /master_repl_offset:(\d+)/.exec(await replicationOf(master))?.[1] ?? "";
    await until(
      async () => Number(/slave_repl_offset:(\d+)/.exec(await replicationOf(replica))?.[1]) >= Number(offset),
    );

    cable.pull();
    expect(await store.commit(SHARD, changing([writing("a", "1", "the master alone")]))).toBe("committed");
    const before = await liveOf(master);
    await master.command("REPLICAOF", "127.0.0.1", String(replica.port));
    await until(async () => (await replicationOf(master)).includes("master_link_status:up"));
    expect(await liveOf(master)).toBe(before); // its history says nothing of what it lost
    await expect(store.load(SHARD, peerKey("a"))).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.audit(SHARD, 1, 10)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await store.commit(SHARD, changing([writing("b", "", "x")]))).toBe("unknown");

    await master.command("REPLICAOF", "NO", "ONE");
    expect(await seen(store, "a")).toEqual({ version: "1", note: "both have it" });
    expect((await store.load(SHARD)).epoch).toBe(2);
    expect(troubles).toContainEqual(expect.stringContaining("without entries after 1; 2 had been seen"));
  },
);

peerTest(
  "a replica that misses nothing is not believed either: it may miss something with the next answer",
  async () => {
    const master = await start();
    const store = await openTestStore(master.port, "t");
    ends.push(() => store.close());
    expect(await store.commit(SHARD, changing([writing("a", "", "x")]))).toBe("committed");
    await master.command("REPLICAOF", "127.0.0.1", "1");
    await expect(store.load(SHARD, peerKey("a"))).rejects.toBeInstanceOf(StoreUnavailableError);
    await master.command("REPLICAOF", "NO", "ONE");
    expect((await seen(store, "a")).note).toBe("x");
  },
);
