// Two cores over Redis, each with a connection of its own: what one commits the other hears of, and one of them posts.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { openTestStore } from "../store/redis/testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "../store/redis/testing/redis-server.ts";
import { drawHexId } from "../testing/core-world.ts";
import { listDeliveries } from "./find.ts";
import { WebhookWorld } from "./testing/webhook-world.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;
beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

peerTest("of two cores over Redis one posts, each message once, and a failed one waits in its list", async () => {
  const prefix = drawHexId();
  const hooks = await WebhookWorld.open(async () => openTestStore(server.port, prefix));
  const other = await openTestStore(server.port, prefix);
  try {
    const webhook = await hooks.add();
    const cores = [hooks.core({ soleCore: false }), hooks.core({ soleCore: false, store: other })];
    hooks.receiver.statuses.push(500);
    for (let i = 0; i < 3; i += 1) await hooks.world.pending();
    // Hints are on their way for a moment.
    const listed = async (state: "PENDING" | "DELIVERED"): Promise<number> =>
      (await listDeliveries({ store: other }, webhook, { state, limit: 10 })).length;
    while ((await listed("DELIVERED")) < 2 || (await listed("PENDING")) > 1)
      await Promise.all(cores.map((core) => core.look()));
    expect((await listed("DELIVERED")) + (await listed("PENDING"))).toBe(3);
    // Where this takes long the failed one is due again: no other comes twice.
    const [failed, ...others] = hooks.receiver.ids;
    expect(others.filter((id) => id !== failed).toSorted()).toEqual(
      [...new Set(others)].filter((id) => id !== failed).toSorted(),
    );
    expect(new Set(hooks.receiver.ids).size).toBe(3);
  } finally {
    await hooks.close();
    await other.close();
  }
});
