// A process that works on a store until it is killed at a named point: crash-child.ts FOLDER POINT HIT ROUNDS.
// Prints "ack CHANGE" once a change is acknowledged, and at the end one "hits" line with how often each point was passed.
import { writeSync } from "node:fs";
import { macKey } from "@countersign/protocol";
import type { Buggify, CrashPoint } from "../crash-point.ts";
import type { Shard } from "../entity.ts";
import { openSqliteStore } from "../sqlite-store.ts";
import type { Store } from "../store.ts";
import { counterKeys, crashChange, CRASH_SECRET, SHARDS_USED, type Seen } from "./crash-workload.ts";

const [folder = "", point = "", hit = "0", rounds = "4"] = process.argv.slice(2);
const hits = new Map<CrashPoint, number>();

const buggify: Buggify = (passed) => {
  const count = (hits.get(passed) ?? 0) + 1;
  hits.set(passed, count);
  if (passed === point && count === Number(hit)) process.kill(process.pid, "SIGKILL");
};

const store = await openSqliteStore({ folder, macKey: macKey(CRASH_SECRET), buggify, freshEntities: 3 });
for (let round = 0; round < Number(rounds); round++)
  await Promise.all(SHARDS_USED.map((shard) => work(store, shard, round)));
await store.close();
writeSync(1, `hits ${JSON.stringify(Object.fromEntries(hits))}\n`);

// Three changes at once: one creates a pair, one moves the shard's counter pair, one loses the race for it.
async function work(on: Store, shard: Shard, round: number): Promise<void> {
  const loaded = await on.load(shard, ...counterKeys);
  const seen: Seen = { left: loaded.entities[0], right: loaded.entities[1] };
  const changes = [
    crashChange.pair(shard, round),
    crashChange.count(shard, round, seen),
    crashChange.lose(shard, round, seen),
  ];
  const acknowledge = async (change: (typeof changes)[number]): Promise<void> => {
    if ((await on.commit(shard, change)) === "committed") writeSync(1, `ack ${shard} ${change.changeId}\n`);
  };
  await Promise.all(changes.map(acknowledge));
}
