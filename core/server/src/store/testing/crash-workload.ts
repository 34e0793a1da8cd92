// What the crashing process does, and what must be true of its store afterwards.
import { sha256, toHex, utf8 } from "@countersign/protocol";
import type { Peer } from "../../identity/link.ts";
import type { EntityKey, Shard } from "../entity.ts";
import { changing, peerKey, TENANT, writing } from "../store-fixture.ts";
import type { ChangeSet, LoadedEntity, Store } from "../store.ts";

/** K_store of the crash tests. */
export const CRASH_SECRET: Uint8Array = new Uint8Array(32).fill(9);
export const SHARDS_USED: readonly Shard[] = [1, 2, 700];

/** Both halves of a pair are written by one change set, so that half a change set shows. */
export interface Seen {
  readonly left: LoadedEntity<"peer">;
  readonly right: LoadedEntity<"peer">;
}

export const counterKeys: readonly [EntityKey<"peer">, EntityKey<"peer">] = [
  peerKey("counter-left"),
  peerKey("counter-right"),
];

/** The three changes of a round in a shard. */
export const crashChange = {
  pair: (shard: Shard, round: number): ChangeSet =>
    changing([writing(`left-${round}`, "", `${round}`), writing(`right-${round}`, "", `${round}`)], {
      changeId: idOf("pair", shard, round),
    }),

  count: (shard: Shard, round: number, seen: Seen): ChangeSet =>
    changing(
      [
        writing("counter-left", seen.left.version, next(seen.left.body), { due: round, owner: TENANT }),
        writing("counter-right", seen.right.version, next(seen.right.body), { lane: "bot" }),
      ],
      { changeId: idOf("count", shard, round) },
    ),

  lose: (shard: Shard, round: number, seen: Seen): ChangeSet =>
    changing([writing(`lost-${round}`, "", "lost"), writing("counter-left", seen.left.version, "lost")], {
      changeId: idOf("lose", shard, round),
    }),
};

/** What is wrong with a store after a crash, in words; `acknowledged` are the "SHARD CHANGE" that the process printed. */
export async function findCrashFaults(
  store: Store,
  acknowledged: ReadonlySet<string>,
  rounds: number,
): Promise<string[]> {
  const faults: string[] = [];
  const check = (holds: boolean, what: string): void => {
    if (!holds) faults.push(what);
  };
  for (const shard of SHARDS_USED) {
    const committed = async (type: ChangeType, round: number): Promise<boolean> => {
      const changeId = idOf(type, shard, round);
      const there = (await store.outcome(shard, changeId)) === "committed";
      check(
        there || !acknowledged.has(`${shard} ${changeId}`),
        `${type} ${round} of shard ${shard} was acknowledged and is gone`,
      );
      return there;
    };
    let counted = 0;
    for (let round = 0; round < rounds; round++) {
      const pair = await store.load(
        shard,
        peerKey(`left-${round}`),
        peerKey(`right-${round}`),
        peerKey(`lost-${round}`),
      );
      const there = pair.entities.map(({ body }) => body !== undefined);
      const wanted = await committed("pair", round);
      check(there[0] === wanted && there[1] === wanted, `pair ${round} of shard ${shard} is half there`);
      if (await committed("count", round)) counted += 1;
      const lost = await committed("lose", round);
      check(!lost && there[2] === false, `the loser of round ${round} of shard ${shard} left a trace`);
    }
    const counters = await store.load(shard, ...counterKeys);
    for (const { key, body } of counters.entities) {
      check((body?.userId ?? "0") === String(counted), `${key.id} of shard ${shard} is not ${counted}`);
    }
  }
  return faults;
}

type ChangeType = "pair" | "count" | "lose";

// The same in parent and child, so that the parent can ask for what was never acknowledged.
function idOf(type: ChangeType, shard: Shard, round: number): string {
  return toHex(sha256(utf8(`${type} ${shard} ${round}`)).subarray(0, 16));
}

function next(body: Peer | undefined): string {
  return String(Number(body?.userId ?? 0) + 1);
}
