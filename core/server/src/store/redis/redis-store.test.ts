import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { testStoreContract } from "../store-contract.ts";
import { drawId } from "../store-fixture.ts";
import { openTestStore } from "./testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;

if (hasRedis) {
  beforeAll(async () => {
    server = await startRedis({ folder: join(folder, "contract") });
  });
  afterAll(() => server.stop());

  testStoreContract("the store over one Redis", (clock) => openTestStore(server.port, drawId(), { clock }));

  testStoreContract("the store over one Redis without its cache", (clock) =>
    openTestStore(server.port, drawId(), { clock, cacheBytes: 0 }),
  );
} else {
  peerTest("the store contract over Redis", () => {});
}
