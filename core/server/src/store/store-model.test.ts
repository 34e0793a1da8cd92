// The same random traces on the memory store and on the embedded one, which is closed and opened in between.
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { macKey } from "@countersign/protocol";
import { FakeClock, tempFolder } from "@countersign/testing";
import { openMemoryStore } from "./memory-store.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { changing, deleting, drawId, peerKey, TENANT, writing } from "./store-fixture.ts";
import type { AnyWrite, ChangeSet, Index, Store } from "./store.ts";

const IDS = ["a", "b", "c"];
const folder = tempFolder();
const key = macKey(new Uint8Array(32).fill(7));

interface Plan {
  readonly shard: number;
  /** Stale: the version loaded one step before. */
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
const plan: fc.Arbitrary<Plan> = fc.record({
  shard: fc.constantFrom(5, 900),
  writes: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...IDS),
      remove: fc.boolean(),
      stale: fc.nat(9).map((n) => n === 0),
      index: fc
        .record({
          owner: fc.constantFrom(undefined, "ann", "bob"),
          sort: small,
          due: small,
          lane: fc.constantFrom(undefined, "bot"),
        })
        .map((index) => Object.fromEntries(Object.entries(index).filter(([, value]) => value !== undefined)) as Index),
    }),
    { selector: (write) => write.id, maxLength: 3 },
  ),
  notAfter: fc.constantFrom(undefined, undefined, undefined, -1, 1),
  epoch: fc.constantFrom(1, 1, 1, 1, 2),
});
const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(plan, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant("reopen" as const) },
);

test("both stores give the same answers to the same calls", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const clock = new FakeClock();
      const at = join(folder, drawId());
      const openSqlite = (): Promise<Store> =>
        openSqliteStore({ folder: at, macKey: key, clock, freshEntities: 2, cacheBytes: 0 });
      const memory = openMemoryStore({ clock });
      let sqlite = await openSqlite();
      const before = new Map<string, string>();
      for (const one of steps) {
        clock.advance(1);
        if (one === "reopen") {
          await sqlite.close();
          sqlite = await openSqlite();
          continue;
        }
        const changes = await Promise.all(one.map((each) => changeOf(memory, each, before)));
        const run = (store: Store): Promise<string[]> =>
          Promise.all(changes.map(([shard, change]) => store.commit(shard, change)));
        expect(await run(sqlite)).toEqual(await run(memory));
        expect(await view(sqlite)).toEqual(await view(memory));
      }
      await sqlite.close();
    }),
    { numRuns: 60 },
  );
}, 400_000);

async function changeOf(
  store: Store,
  { shard, writes, notAfter, epoch }: Plan,
  before: Map<string, string>,
): Promise<[number, ChangeSet]> {
  const made: AnyWrite[] = [];
  for (const { id, remove, stale, index } of writes) {
    const { version } = (await store.load(shard, peerKey(id))).entities[0];
    const expected = stale ? (before.get(`${shard} ${id}`) ?? "77") : version;
    before.set(`${shard} ${id}`, version);
    made.push(remove && expected !== "" ? deleting(id, expected) : writing(id, expected, drawId(), index));
  }
  return [shard, changing(made, { epoch, ...(notAfter === undefined ? {} : { notAfter: store.now() + notAfter }) })];
}

async function view(store: Store): Promise<unknown> {
  const found = [];
  for (const shard of [5, 900]) {
    found.push(await store.load(shard, ...IDS.map((id) => peerKey(id))), await store.audit(shard, 1, 1000));
    for (const owner of ["ann", "bob"])
      found.push(await store.list(shard, "peer", owner, { tenant: TENANT, limit: 10 }));
  }
  const due = (await store.due(3, 100)).map(({ shard, key: { id } }) => `${shard} ${id}`).toSorted();
  const lane = (await store.lane("bot", 100)).map(({ shard, key: { id } }) => `${shard} ${id}`).toSorted();
  return [found, due, lane, await store.nextDue()];
}
