// The same traces on every store: what the simulated one said of each commit, the others say too.
import { join } from "node:path";
import { macKey } from "@countersign/protocol";
import { FakeClock, tempFolder, testWith } from "@countersign/testing";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openMemoryStore } from "../../core/server/src/store/memory-store.ts";
import { openTestStore } from "../../core/server/src/store/redis/testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "../../core/server/src/store/redis/testing/redis-server.ts";
import { openSqliteStore } from "../../core/server/src/store/sqlite-store.ts";
import type { Store } from "../../core/server/src/store/store.ts";
import type { Asked } from "./cluster.ts";
import { START } from "./people.ts";
import { runSchedule } from "./run.ts";
import { scheduleOf } from "./step.ts";

const folder = tempFolder();
const key = macKey(new Uint8Array(32).fill(7));
/** A machine that is busy makes nothing "unknown". */
const PATIENT = { deadlineMs: 60_000 };
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

const peerTest = testWith("redis", hasRedis);
const sqlite = (clock: FakeClock, name: string): Promise<Store> =>
  openSqliteStore({ folder: join(folder, name), macKey: key, clock });
const redis = (clock: FakeClock, name: string): Promise<Store> => openTestStore(server.port, name, { clock }, PATIENT);

test("memory says of every commit of 40 lives what the simulated store said", async () => {
  expect(await replay(40, async (clock) => [openMemoryStore({ clock })])).toEqual([]);
});

test("and of every commit of 6 lives in which several people confirm", async () => {
  expect(await replay(6, async (clock) => [openMemoryStore({ clock })], true)).toEqual([]);
});

test("SQLite says of every commit of 12 lives what the simulated store said", async () => {
  expect(await replay(12, async (clock, name) => [await sqlite(clock, name)])).toEqual([]);
});

peerTest(
  "Redis, asked by two cores in turn, says of every commit of 16 lives what the simulated store said",
  async () => {
    expect(await replay(16, (clock, name) => Promise.all([redis(clock, name), redis(clock, name)]))).toEqual([]);
  },
);

/** The answers that differ. `open` gives the ends of one store, that take turns; its clock is that of the life. */
async function replay(
  lives: number,
  open: (clock: FakeClock, name: string) => Promise<readonly Store[]>,
  together = false,
): Promise<readonly string[]> {
  const came = new Map<string, number>();
  const other: string[] = [];
  for (let seed = 1; seed <= lives; seed++) {
    const schedule = scheduleOf(seed, together);
    // One store alone has no replicas to lose, and nobody writes to it from outside here.
    const steps = schedule.steps.filter((step) => step.do !== "failover" && step.do !== "edit");
    const { asked, violation } = await runSchedule(seed, { ...schedule, steps });
    expect(violation).toBeUndefined();
    const clock = new FakeClock(new Date(START));
    const ends = await open(clock, `seed ${seed}`);
    for (const [i, one] of asked.entries()) {
      const said = await again(ends[i % ends.length] as Store, clock, one);
      if (said !== one.came) other.push(`seed ${seed}, commit ${i}: ${said}, not ${one.came}`);
      came.set(one.came, (came.get(one.came) ?? 0) + 1);
    }
    for (const end of ends) await end.close();
  }
  expect(came.get("committed")).toBeGreaterThan(100);
  expect(came.get("conflict")).toBeGreaterThan(0);
  return other;
}

async function again(store: Store, clock: FakeClock, { shard, change, at }: Asked): Promise<string> {
  clock.advance(at - clock.now().getTime());
  return store.commit(shard, change);
}
