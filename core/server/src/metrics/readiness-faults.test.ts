// Readiness over a real Redis that hangs, is killed, comes back, and is full.
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { openLog } from "../log.ts";
import type { Line } from "../rpc/overload.ts";
import { until } from "../store/redis/testing/redis-cluster.ts";
import { openTestStore } from "../store/redis/testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "../store/redis/testing/redis-server.ts";
import { changing, drawId, SHARD, writing } from "../store/store-fixture.ts";
import type { Store } from "../store/store.ts";
import { Sweeper } from "../sweep.ts";
import { Monitor } from "./monitor.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;
let store: Store;
let sweeper: Sweeper;
let monitor: Monitor;
let address: string;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

beforeEach(async () => {
  if (!hasRedis) return;
  monitor = new Monitor();
  store = monitor.around(await openTestStore(server.port, drawId()));
  sweeper = new Sweeper({ store, log: openLog("silent") }, {});
  const draining = new AbortController().signal;
  const at = { listen: { host: "127.0.0.1", port: 0 }, tls: undefined };
  address = await monitor.serve(at, { store, sweeper, draining, line: emptyLine });
  sweeper.start();
  monitor.setListening();
  await untilReady();
});
afterEach(async () => {
  if (!hasRedis) return;
  await sweeper.stop();
  await store.close();
  await monitor.close();
});

function emptyLine(): Line {
  return { ordinary: 0, urgent: 0, costMs: 1 };
}

async function because(): Promise<readonly string[]> {
  const response = await fetch(`http://${address}/readyz`);
  const told = (await response.json()) as { because: readonly string[] };
  expect(response.status).toBe(told.because.length === 0 ? 200 : 503);
  return told.because;
}

function attempt(): Promise<string> {
  return store.commit(SHARD, changing([writing(drawId(), "", "x")]));
}

function untilReady(): Promise<void> {
  return until(async () => (await because()).length === 0);
}

function untilTold(reason: string): Promise<void> {
  return until(async () => (await because()).includes(reason));
}

peerTest("a Redis that hangs is no store; when it goes on, the core is ready by itself", async () => {
  server.process.kill("SIGSTOP");
  try {
    await untilTold("store");
    await untilTold("sweeper");
  } finally {
    server.process.kill("SIGCONT");
  }
  await untilReady();
});

peerTest("a Redis that is gone is no store; when it is back, the core is ready by itself", async () => {
  await server.stop();
  await untilTold("store");
  server = await server.restart();
  await untilReady();
});

peerTest("a Redis that takes no writes is told of, until it takes one", async () => {
  await server.command("CONFIG", "SET", "maxmemory", "1");
  await until(async () => {
    await expect(attempt()).rejects.toThrow("full");
    return (await because()).includes("writes");
  });
  await server.command("CONFIG", "SET", "maxmemory", "0");
  expect(await attempt()).toBe("committed");
  await untilReady();
});
