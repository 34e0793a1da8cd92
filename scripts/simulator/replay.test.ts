// The same traces on every store: what the simulated one said of each commit, the others say too.
import { join } from "node:path";
import { macKey } from "@countersign/protocol";
import { FakeClock, tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { openMemoryStore } from "../../core/server/src/store/memory-store.ts";
import { openSqliteStore } from "../../core/server/src/store/sqlite-store.ts";
import type { Store } from "../../core/server/src/store/store.ts";
import type { Asked } from "./cluster.ts";
import { START } from "./people.ts";
import { runSchedule } from "./run.ts";
import { scheduleOf } from "./step.ts";

const folder = tempFolder();
const key = macKey(new Uint8Array(32).fill(7));
const STORES: readonly (readonly [string, number, (clock: FakeClock, name: string) => Promise<Store>])[] = [
  ["memory", 60, async (clock) => openMemoryStore({ clock })],
  ["SQLite", 12, (clock, name) => openSqliteStore({ folder: join(folder, name), macKey: key, clock })],
];

test.each(STORES)("%s says of every commit of %i lives what the simulated store said", async (_name, lives, open) => {
  const came = new Map<string, number>();
  for (let seed = 1; seed <= lives; seed++) {
    const schedule = scheduleOf(seed);
    // One store alone has no replicas to lose.
    const steps = schedule.steps.filter((step) => step.do !== "failover");
    const { asked, violation } = await runSchedule(seed, { ...schedule, steps });
    expect(violation).toBeUndefined();
    const clock = new FakeClock(new Date(START));
    const store = await open(clock, `seed ${seed}`);
    for (const one of asked) {
      expect(await again(store, clock, one)).toBe(one.came);
      came.set(one.came, (came.get(one.came) ?? 0) + 1);
    }
    await store.close();
  }
  expect(came.get("committed")).toBeGreaterThan(100);
  expect(came.get("conflict")).toBeGreaterThan(0);
});

async function again(store: Store, clock: FakeClock, { shard, change, at }: Asked): Promise<string> {
  clock.advance(at - clock.now().getTime());
  return store.commit(shard, change);
}
