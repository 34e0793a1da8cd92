import { expect, test } from "@jest/globals";
import { BOT, TENANT } from "../delivery/testing/entities.ts";
import { World } from "../delivery/testing/world.ts";
import type { CoreGiven } from "../given.ts";
import { leaseToken } from "./lease-token.ts";
import { takeLease, tryTake, type Lease } from "./lease.ts";

const bot = { tenantId: TENANT, botId: BOT };

/** undefined: it is held, and the next look at it is a second away. */
async function takeAtOnce(given: CoreGiven): Promise<Lease | undefined> {
  const patience = new AbortController();
  setImmediate(() => patience.abort());
  return takeLease(given, bot, patience.signal);
}

/** The same store under another process. */
function afterRestart({ given }: World, soleCore: boolean): CoreGiven {
  const { store } = given;
  return { ...given, soleCore, store: { ...bound(store) } };
}

function bound(store: CoreGiven["store"]): CoreGiven["store"] {
  return {
    load: (shard, ...keys) => store.load(shard, ...keys),
    commit: (shard, change) => store.commit(shard, change),
    outcome: (shard, changeId) => store.outcome(shard, changeId),
    list: (shard, type, owner, page) => store.list(shard, type, owner, page),
    due: (until, limit) => store.due(until, limit),
    nextDue: () => store.nextDue(),
    lane: (lane, limit) => store.lane(lane, limit),
    subscribe: (listener) => store.subscribe(listener),
    audit: (shard, fromSeq, limit) => store.audit(shard, fromSeq, limit),
    now: () => store.now(),
    close: () => store.close(),
  };
}

test("what a killed core left held is free to the only core of the store, and held here afterwards", async () => {
  const world = new World();
  expect((await takeAtOnce(world.given))?.seat.fence).toBe(1);
  const again = afterRestart(world, true);
  expect((await takeAtOnce(again))?.seat.fence).toBe(2);
  expect(await takeAtOnce(again)).toBeUndefined();
});

test("the first lease of all is nobody's inheritance", async () => {
  const given = afterRestart(new World(), true);
  expect((await takeAtOnce(given))?.seat.fence).toBe(1);
  expect(await takeAtOnce(given)).toBeUndefined();
});

test("on a store of several cores another one's lease is waited for", async () => {
  const world = new World();
  await takeAtOnce(world.given);
  expect(await takeAtOnce(afterRestart(world, false))).toBeUndefined();
});

test("its token is known on any core, for that bot and that fence alone", async () => {
  const world = new World();
  const other = afterRestart(world, false);
  await takeAtOnce(world.given);
  const wrong = [
    leaseToken(world.given, bot, 2),
    leaseToken(world.given, { ...bot, botId: "00".repeat(16) }, 1),
    leaseToken(world.given, { ...bot, tenantId: "another" }, 1),
    leaseToken(world.given, bot, 1).subarray(1),
    Uint8Array.of(),
  ];
  for (const token of wrong) expect(await tryTake(other, bot, token)).toBeUndefined();
  expect((await tryTake(other, bot, leaseToken(world.given, bot, 1)))?.seat.fence).toBe(2);
  expect(await tryTake(other, bot, leaseToken(world.given, bot, 1))).toBeUndefined();
});
