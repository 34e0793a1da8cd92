// Redis 7.2 and later let WAIT count only up to what its own connection made them propagate: a script that wrote nothing has
// nothing waited for. So every script whose answer is believed for the WAIT behind it has to write.
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, drawId, peerKey, SHARD, writing } from "../store-fixture.ts";
import type { Store } from "../store.ts";
import type { Call, RedisLink } from "./redis-link.ts";
import { COMMIT_SCRIPT, HELD_SCRIPT, OUTCOME_SCRIPT } from "./scripts.ts";
import { openStandaloneLink } from "./standalone-link.ts";
import { linkTo, openTestStore } from "./testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const stores: Store[] = [];
const links: RedisLink[] = [];
const servers: RedisServer[] = [];
/** No replica is there. */
const durability = { replicas: 1, waitAof: false, waitMs: 1 };

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(links.splice(0).map((link) => link.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(): Promise<RedisServer> {
  const server = await startRedis({ folder: join(folder, drawId()) });
  servers.push(server);
  return server;
}

/** How often this server wrote, since it started. */
async function writesOf(server: RedisServer): Promise<number> {
  const info = String(await server.command("INFO", "persistence"));
  return Number(/rdb_changes_since_last_save:(\d+)/.exec(info)?.[1]);
}

peerTest("a core that only reads writes before it waits for what another one wrote", async () => {
  const server = await start();
  const open = (): Promise<Store> => openTestStore(server.port, "t", {}, { durability, deadlineMs: 30_000 });
  const [left, right] = [await open(), await open()];
  stores.push(left, right);
  expect(await left.commit(SHARD, changing([writing("a", "", "told to nobody")]))).toBe("unknown");
  const before = await writesOf(server);
  await expect(right.load(SHARD, peerKey("a"))).rejects.toThrow("too few replicas have what was read");
  expect(await writesOf(server)).toBeGreaterThan(before);
});

const keys = ["{1}:head", "{1}:audit", "{1}:change"];
const answers: readonly (readonly [string, Call])[] = [
  ["how far a chain is held", { script: HELD_SCRIPT, keys: [...keys.slice(0, 2), "{1}:held"], args: ["0", "", "0"] }],
  ["a change that was committed before", { script: COMMIT_SCRIPT, keys, args: changeArgs() }],
  ["the outcome of a change", { script: OUTCOME_SCRIPT, keys: keys.slice(2), args: ["1000", "c0", "1"] }],
];

function changeArgs(): string[] {
  const args = Array.from({ length: 16 }, () => "");
  args[10] = "1000";
  return args;
}

for (const [name, call] of answers) {
  peerTest(`before the WAIT there is a write: ${name}`, async () => {
    const server = await start();
    await server.command("SET", "{1}:change", "committed");
    const link = await openStandaloneLink(linkTo([server.port], { durability }));
    links.push(link);
    const before = await writesOf(server);
    expect((await link.write(call)).held).toBe(false);
    expect(await writesOf(server)).toBeGreaterThan(before);
  });
}
