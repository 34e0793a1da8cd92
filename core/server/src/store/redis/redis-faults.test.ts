// What Redis does when it is full, gone, slow, alone or forgetful, and what the store says then.
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, drawId, peerKey, seen, SHARD, writing } from "../store-fixture.ts";
import { StoreFullError, StoreUnavailableError, type Store } from "../store.ts";
import { RedisStore } from "./redis-store.ts";
import { openStandaloneLink } from "./standalone-link.ts";
import { foundAgain, linkTo, openTestStore, TEST_KEY } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const started: RedisServer[] = [];

async function start(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis({ folder: join(folder, drawId()), settings });
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

const within = (waitMs: number, replicas: number): object => ({ durability: { replicas, waitAof: false, waitMs } });

async function answers(store: Store): Promise<boolean> {
  try {
    await store.load(SHARD, peerKey("a"));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(StoreUnavailableError);
    return false;
  }
}

peerTest(
  "OOM: the change is refused whole with StoreFullError, and the store works on when there is room",
  async () => {
    const server = await start();
    const store = await openTestStore(server.port, "t");
    await store.commit(SHARD, changing([writing("a", "", "x")]));
    await server.command("CONFIG", "SET", "maxmemory", "1");
    const change = changing([writing("b", "", "x")]);
    await expect(store.commit(SHARD, change)).rejects.toBeInstanceOf(StoreFullError);
    expect((await seen(store, "a")).note).toBe("x");
    await server.command("CONFIG", "SET", "maxmemory", "0");
    expect((await seen(store, "b")).note).toBeUndefined();
    expect(await store.outcome(SHARD, change.changeId)).toBe("absent");
    expect(await store.commit(SHARD, changing([writing("b", "", "x")]))).toBe("committed");
    await store.close();
  },
);

peerTest("NOREPLICAS: unknown, then nothing was written", async () => {
  const server = await start();
  const store = await openTestStore(server.port, "t");
  await store.load(SHARD);
  await server.command("CONFIG", "SET", "min-replicas-to-write", "1");
  const change = changing([writing("a", "", "x")]);
  expect(await store.commit(SHARD, change)).toBe("unknown");
  await expect(store.outcome(SHARD, change.changeId)).rejects.toBeInstanceOf(StoreUnavailableError);
  await server.command("CONFIG", "SET", "min-replicas-to-write", "0");
  expect(await store.outcome(SHARD, change.changeId)).toBe("absent");
  await store.close();
});

peerTest("READONLY: unknown, never 'not executed'", async () => {
  const server = await start();
  const store = await openTestStore(server.port, "t");
  await store.load(SHARD);
  await server.command("REPLICAOF", "127.0.0.1", "1");
  expect(await store.commit(SHARD, changing([writing("a", "", "x")]))).toBe("unknown");
  await server.command("REPLICAOF", "NO", "ONE");
  await foundAgain(store);
  const { epoch } = await store.load(SHARD);
  expect(await store.commit(SHARD, changing([writing("a", "", "x")], { epoch }))).toBe("committed");
  await store.close();
});

peerTest("a short count of replicas is unknown, and outcome() settles it once they are there", async () => {
  const master = await start();
  const store = await openTestStore(master.port, "t", {}, within(100, 1));
  const change = changing([writing("a", "", "x")]);
  expect(await store.commit(SHARD, change)).toBe("unknown");
  await expect(store.outcome(SHARD, change.changeId)).rejects.toBeInstanceOf(StoreUnavailableError);
  const replica = await start("--replicaof", `127.0.0.1 ${master.port}`);
  await until(async () => String(await replica.command("INFO", "replication")).includes("master_link_status:up"));
  const isCommitted = (changeId: string): Promise<boolean> =>
    store.outcome(SHARD, changeId).then(
      (outcome) => outcome === "committed",
      () => false,
    );
  await until(() => isCommitted(change.changeId));
  // A master takes another replication id when its first replica comes: the epoch moves, though nothing was lost.
  await until(() => answers(store));
  const { entities, epoch } = await store.load(SHARD, peerKey("a"));
  const again = changing([writing("a", entities[0].version, "y")], { epoch });
  // A replica that takes longer than the wait has it all the same.
  expect(["committed", "unknown"]).toContain(await store.commit(SHARD, again));
  await until(() => isCommitted(again.changeId));
  await store.close();
});

peerTest(
  "a server that hangs: every call ends at its deadline; what hung is never committed after it was given up",
  async () => {
    const server = await start();
    const store = await openTestStore(server.port, "t", {}, { deadlineMs: 3000 });
    const patient = await openTestStore(server.port, "t");
    await patient.commit(SHARD, changing([writing("a", "", "before")]));
    const { version } = await seen(patient, "a");
    await until(() => answers(store));
    server.process.kill("SIGSTOP");
    const change = changing([writing("a", version, "hung")]);
    const [outcome] = await Promise.all([
      store.commit(SHARD, change),
      expect(store.load(SHARD, peerKey("b"))).rejects.toBeInstanceOf(StoreUnavailableError),
      expect(store.outcome(SHARD, change.changeId)).rejects.toBeInstanceOf(StoreUnavailableError),
      expect(store.due(1, 1)).rejects.toBeInstanceOf(StoreUnavailableError),
    ]);
    expect(outcome).toBe("unknown");
    server.process.kill("SIGCONT");
    const settled = await patient.outcome(SHARD, change.changeId);
    await foundAgain(store);
    expect((await seen(patient, "a")).note).toBe(settled === "committed" ? "hung" : "before");
    await store.close();
    await patient.close();
  },
);

peerTest("a change that was given up is refused when it comes after all, on whichever core asked", async () => {
  const server = await start();
  const [sender, asker] = [await openTestStore(server.port, "t"), await openTestStore(server.port, "t")];
  const change = changing([writing("a", "", "late to come")]);
  expect(await asker.outcome(SHARD, change.changeId)).toBe("absent");
  expect(await sender.commit(SHARD, change)).toBe("conflict");
  expect((await seen(sender, "a")).note).toBeUndefined();
  await sender.close();
  await asker.close();
});

peerTest(
  "kill -9 and start again: nothing acknowledged is gone, the epoch is one higher, old loads are conflicts",
  async () => {
    const server = await start();
    const store = await openTestStore(server.port, "t");
    const { epoch } = await store.load(SHARD);
    await store.commit(SHARD, changing([writing("a", "", "x")], { epoch }));
    await server.stop("SIGKILL");
    expect(await store.commit(SHARD, changing([writing("a", "1", "y")], { epoch }))).toBe("unknown");
    started.push(await server.restart());
    await foundAgain(store);
    const loaded = await store.load(SHARD, peerKey("a"));
    expect(loaded.epoch).toBe(epoch + 1);
    expect(loaded.entities[0]).toMatchObject({ version: "1", body: { userId: "x" } });
    expect(await store.commit(SHARD, changing([writing("a", "1", "y")], { epoch }))).toBe("conflict");
    expect(await store.commit(SHARD, changing([writing("a", "1", "y")], { epoch: epoch + 1 }))).toBe("committed");
    await store.close();
  },
);

peerTest("a commit that knows nothing of a restart is not taken under the old epoch", async () => {
  const server = await start();
  // It does not listen, so that nothing but the script tells it.
  const store = new RedisStore({
    link: await openStandaloneLink(linkTo([server.port])),
    macKey: TEST_KEY,
    prefix: "t",
  });
  expect(await store.commit(SHARD, changing([writing("a", "", "x")]))).toBe("committed");
  await server.stop("SIGKILL");
  started.push(await server.restart());
  let outcome = "unknown"; // until it is connected again
  await until(async () => {
    outcome = await store.commit(SHARD, changing([writing("a", "1", "y")]));
    return outcome !== "unknown";
  });
  expect(outcome).toBe("conflict");
  await store.close();
});

peerTest("a master that forgot its last entries: the chain goes on from what is left, and that is said", async () => {
  const server = await start();
  const troubles: string[] = [];
  const onTrouble = (error: Error): unknown => troubles.push(error.message);
  const [store, other] = [await openTestStore(server.port, "t", { onTrouble }), await openTestStore(server.port, "t")];
  await store.commit(SHARD, changing([writing("a", "", "kept")]));
  await server.command("CONFIG", "SET", "appendonly", "no"); // from here on nothing reaches the disk
  for (const note of ["lost", "lost too"]) {
    await store.commit(SHARD, changing([writing("a", (await seen(store, "a")).version, note)]));
  }
  expect((await seen(other, "a")).note).toBe("lost too");
  await server.stop("SIGKILL");
  started.push(await server.restart());
  await foundAgain(other);
  expect(await seen(other, "a")).toEqual({ version: "1", note: "kept" });
  const { epoch } = await other.load(SHARD);
  expect(epoch).toBe(2);
  expect(await other.commit(SHARD, changing([writing("a", "1", "goes on")], { epoch }))).toBe("committed");
  await foundAgain(store);
  expect(await seen(store, "a")).toMatchObject({ note: "goes on" });
  expect(troubles.some((text) => text.includes("without entries after"))).toBe(true);
  await store.close();
  await other.close();
});
