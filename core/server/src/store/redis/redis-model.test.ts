// The same random traces on the memory store and on Redis, where every step is taken by one of two cores.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import fc from "fast-check";
import { FakeClock, tempFolder, testWith } from "@countersign/testing";
import { openMemoryStore } from "../memory-store.ts";
import { changing, deleting, drawId, peerKey, TENANT, writing } from "../store-fixture.ts";
import type { AnyWrite, ChangeSet, Index, Store } from "../store.ts";
import { openTestStore } from "./testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const IDS = ["a", "b", "c"];
const SHARDS_USED = [5, 900];
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

interface Step {
  readonly core: number;
  readonly shard: number;
  readonly writes: readonly {
    readonly id: string;
    readonly remove: boolean;
    readonly stale: boolean;
    readonly index: Index;
  }[];
  readonly notAfter: number | undefined;
  readonly epoch: number;
}

const small = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const index = fc
  .record({
    owner: fc.constantFrom(undefined, "ann", "bob"),
    sort: small,
    due: small,
    lane: fc.constantFrom(undefined, "bot"),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Index);
const write = fc.record({
  id: fc.constantFrom(...IDS),
  remove: fc.boolean(),
  stale: fc.nat(9).map((n) => n === 0),
  index,
});
const step: fc.Arbitrary<Step> = fc.record({
  core: fc.nat(1),
  shard: fc.constantFrom(...SHARDS_USED),
  writes: fc.uniqueArray(write, { selector: ({ id }) => id, maxLength: 3 }),
  notAfter: fc.constantFrom(undefined, undefined, undefined, -1, 1),
  epoch: fc.constantFrom(1, 1, 1, 1, 2),
});

for (const cacheBytes of [0, 1_000_000]) {
  peerTest(
    `two cores on Redis answer like memory (cache of ${cacheBytes} bytes)`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const clock = new FakeClock();
          const prefix = drawId();
          const memory = openMemoryStore({ clock });
          const cores = [
            await openTestStore(server.port, prefix, { clock, cacheBytes }),
            await openTestStore(server.port, prefix, { clock, cacheBytes }),
          ];
          const before = new Map<string, string>();
          for (const one of steps) {
            clock.advance(1);
            const change = await changeOf(memory, one, before);
            expect(await cores[one.core]!.commit(one.shard, change)).toBe(await memory.commit(one.shard, change));
            expect(await view(cores[one.core]!)).toEqual(await view(memory));
            expect(await bodies(cores[1 - one.core]!)).toEqual(await bodies(memory));
          }
          for (const core of cores) await core.close();
        }),
        { numRuns: 25 },
      );
    },
    400_000,
  );
}

async function changeOf(
  store: Store,
  { shard, writes, notAfter, epoch }: Step,
  before: Map<string, string>,
): Promise<ChangeSet> {
  const made: AnyWrite[] = [];
  for (const { id, remove, stale, index: at } of writes) {
    const { version } = (await store.load(shard, peerKey(id))).entities[0];
    const expected = stale ? (before.get(`${shard} ${id}`) ?? "77") : version;
    before.set(`${shard} ${id}`, version);
    made.push(remove && expected !== "" ? deleting(id, expected) : writing(id, expected, drawId(), at));
  }
  return changing(made, { epoch, ...(notAfter === undefined ? {} : { notAfter: store.now() + notAfter }) });
}

async function bodies(store: Store): Promise<unknown> {
  return Promise.all(SHARDS_USED.map((shard) => store.load(shard, ...IDS.map((id) => peerKey(id)))));
}

async function view(store: Store): Promise<unknown> {
  const found = [await bodies(store)];
  for (const shard of SHARDS_USED) {
    found.push(await store.audit(shard, 1, 1000));
    for (const owner of ["ann", "bob"]) {
      found.push(await store.list(shard, "peer", owner, { tenant: TENANT, limit: 10 }));
    }
  }
  const due = (await store.due(3, 100)).map(({ shard, key: { id } }) => `${shard} ${id}`).toSorted();
  const lane = (await store.lane("bot", 100)).map(({ shard, key: { id } }) => `${shard} ${id}`).toSorted();
  return [found, due, lane, await store.nextDue()];
}
