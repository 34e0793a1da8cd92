// Several cores on one Redis: none is special, and none trusts another's word but the chain.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, deleting, drawId, peerKey, seen, SHARD, TENANT, writing } from "../store-fixture.ts";
import type { RedisLink } from "./redis-link.ts";
import { RedisStore } from "./redis-store.ts";
import { openStandaloneLink } from "./standalone-link.ts";
import { linkTo, openTestStore, TEST_KEY } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

async function withCores(body: (left: RedisStore, right: RedisStore) => Promise<void>, more = {}): Promise<void> {
  const prefix = drawId();
  const left = await openTestStore(server.port, prefix, more);
  const right = await openTestStore(server.port, prefix, more);
  try {
    await body(left, right);
  } finally {
    await left.close();
    await right.close();
  }
}

peerTest("what one core committed the other loads at once", () =>
  withCores(async (left, right) => {
    expect((await seen(right, "a")).note).toBeUndefined();
    for (const note of ["first", "second", "third"]) {
      await left.commit(SHARD, changing([writing("a", (await seen(left, "a")).version, note)]));
      expect((await seen(right, "a")).note).toBe(note);
    }
    await right.commit(SHARD, changing([deleting("a", (await seen(right, "a")).version)]));
    expect((await seen(left, "a")).note).toBeUndefined();
  }),
);

peerTest("a version that another core loaded is no conflict", () =>
  withCores(async (left, right) => {
    await right.load(SHARD, peerKey("a"));
    await left.commit(SHARD, changing([writing("a", "", "x")]));
    const { version } = await seen(left, "a");
    expect(await right.commit(SHARD, changing([writing("a", version, "y")]))).toBe("committed");
  }),
);

for (const cacheBytes of [0, 32 * 1024 * 1024]) {
  peerTest(`two cores race: one of 100 wins, and the chain holds (cache of ${cacheBytes} bytes)`, () =>
    withCores(
      async (left, right) => {
        for (let round = 0; round < 5; round++) {
          const { version } = await seen(left, "a");
          const race = Array.from({ length: 100 }, (_, i) =>
            (i % 2 === 0 ? left : right).commit(SHARD, changing([writing("a", version, `racer ${i}`)])),
          );
          const outcomes = await Promise.all(race);
          expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
          const winner = `racer ${outcomes.indexOf("committed")}`;
          expect([(await seen(left, "a")).note, (await seen(right, "a")).note]).toEqual([winner, winner]);
        }
        expect(await left.audit(SHARD, 1, 100)).toEqual(await right.audit(SHARD, 1, 100));
        expect(await left.audit(SHARD, 1, 100)).toHaveLength(5);
      },
      { cacheBytes },
    ),
  );
}

peerTest("cores that write different entities of one shard do not refuse each other", () =>
  withCores(async (left, right) => {
    const commits = Array.from({ length: 60 }, (_, i) =>
      (i % 2 === 0 ? left : right).commit(SHARD, changing([writing(`p${i}`, "", "x", { owner: "ann", sort: i })])),
    );
    expect(new Set(await Promise.all(commits))).toEqual(new Set(["committed"]));
    expect(await left.audit(SHARD, 1, 100)).toHaveLength(60);
    expect(await right.list(SHARD, "peer", "ann", { tenant: TENANT, limit: 100 })).toHaveLength(60);
  }),
);

peerTest("hints, due times and lanes reach the other core", () =>
  withCores(async (left, right) => {
    const told: string[] = [];
    right.subscribe((shard, keys) => told.push(`${shard}:${keys.map(({ id }) => id).join("+")}`));
    expect([await right.nextDue(), await right.lane("bot", 9)]).toEqual([undefined, []]);
    await left.commit(SHARD, changing([writing("a", "", "x", { due: 5, lane: "bot" }), writing("b", "", "x")]));
    await until(async () => told.length > 0);
    expect(told).toEqual([`${SHARD}:a+b`]);
    expect([await right.nextDue(), await right.lane("bot", 9)]).toEqual([5, [{ shard: SHARD, key: peerKey("a") }]]);
  }),
);

const twice = <T>(ask: () => Promise<T>): Promise<T[]> => Promise.all([ask(), ask()]);

peerTest("who asks while another one is being answered is told the same", () =>
  withCores(async (left, right) => {
    await left.commit(SHARD, changing([writing("a", "", "x", { due: 5, lane: "bot" })]));
    const found = [{ shard: SHARD, key: peerKey("a") }];
    for (const core of [left, right]) {
      expect(await twice(() => core.nextDue())).toEqual([5, 5]);
      expect(await twice(() => core.due(5, 9))).toEqual([found, found]);
      expect(await twice(() => core.lane("bot", 9))).toEqual([found, found]);
    }
  }),
);

peerTest("whoever lost hints is told when the chain is read on", () =>
  withCores(async (left, right) => {
    await right.load(SHARD, peerKey("a"));
    const told: string[] = [];
    right.subscribe((_, keys) => told.push(...keys.map(({ id }) => id)));
    const listening = await openTestStore(server.port, drawId());
    await server.command("CLIENT", "KILL", "TYPE", "pubsub");
    await left.commit(SHARD, changing([writing("a", "", "x")]));
    await until(async () => told.includes("a"));
    await listening.close();
  }),
);

peerTest("a hint that jumps over another one: both are told", async () => {
  const prefix = drawId();
  const left = await openTestStore(server.port, prefix);
  const link = await openStandaloneLink(linkTo([server.port]));
  const heard: string[] = [];
  let isDeaf = true;
  const subscribe: RedisLink["subscribe"] = (channel, onMessage, onGap) =>
    link.subscribe(
      channel,
      (message) => {
        heard.push(message);
        if (!isDeaf) onMessage(message);
      },
      onGap,
    );
  // What it is told it is told by the hint, not by the pulse.
  const lookEverywhereMs = 24 * 60 * 60_000;
  const right = new RedisStore({ link: { ...link, subscribe }, macKey: TEST_KEY, prefix, lookEverywhereMs });
  await right.listen();
  await right.load(SHARD);
  const told: string[] = [];
  right.subscribe((_, keys) => told.push(...keys.map(({ id }) => id)));
  await left.commit(SHARD, changing([writing("a", "", "x")]));
  await until(async () => heard.length === 1);
  isDeaf = false;
  await left.commit(SHARD, changing([writing("b", "", "x")]));
  await until(async () => told.length === 2);
  expect(told).toEqual(["a", "b"]);
  await left.close();
  await right.close();
});

peerTest("a stored witness saves a new core the reading of the chain, and a false one is not believed", async () => {
  const prefix = drawId();
  const first = await openTestStore(server.port, prefix);
  for (let i = 0; i < 600; i++) await first.commit(SHARD, changing(i === 0 ? [writing("a", "", "x")] : []));
  const key = `${prefix}:{${SHARD}}:witness`;
  await until(async () => (await server.command("EXISTS", key)) === 1);
  const second = await openTestStore(server.port, prefix);
  expect((await seen(second, "a")).note).toBe("x");
  const stored = String(await server.command("GET", key));
  for (const forged of [
    "",
    "1 1",
    stored.replace(/ [^ ]*$/, " "),
    stored.replace(/^(\d+) \d+/, "$1 1"),
    stored.replace(/.$/, "A"),
  ]) {
    await server.command("SET", key, forged);
    const third = await openTestStore(server.port, prefix);
    expect((await seen(third, "a")).note).toBe("x");
    await third.close();
  }
  await first.close();
  await second.close();
});
