// A holder whose process stood still for longer than its lease: the store's clock decides, not what it remembers.
import { expect, test } from "@jest/globals";
import type { CoreGiven } from "../given.ts";
import type { EntityKey } from "../store/entity.ts";
import { alterStore } from "../testing/altered-store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { advance, type DeliveryPlace, type Handing } from "./advance.ts";
import { StaleFenceError } from "./lane-fence.ts";

interface Waiting {
  readonly world: CoreWorld;
  readonly place: DeliveryPlace;
}

async function oneWaits(): Promise<Waiting> {
  const world = await CoreWorld.open();
  await world.pending();
  const found = (await world.given.store.lane(world.botId, 1))[0];
  if (found === undefined) throw new Error("nothing waits for the bot");
  return { world, place: { shard: found.shard, key: found.key as EntityKey<"delivery"> } };
}

/** The holder of this fence takes up what waits; its lease ends so many milliseconds from now. */
function takenUp(
  { world, place }: Waiting,
  fence: number,
  { leaseMs, given = world.given }: { readonly leaseMs: number; readonly given?: CoreGiven },
): Promise<Handing | "changed" | "same"> {
  const until = world.given.store.now() + leaseMs;
  const seat = { tenantId: world.tenantId, botId: world.botId, fence };
  return advance(given, seat, place, { pausedUntil: 0, goesOn: true, heldUntil: () => until });
}

test("a lease that ends while the hand-out is on its way to the store: nothing is handed out, the next holder does it", async () => {
  const waiting = await oneWaits();
  const { world } = waiting;
  let commits = 0;
  const asleep = alterStore(world.given, (commit, ...args) => {
    commits += 1;
    world.clock.advance(2_000);
    return commit(...args);
  });
  expect(await takenUp(waiting, 1, { leaseMs: 1_000, given: asleep })).toBe("same");
  expect(commits).toBe(1);
  expect((await world.deliveries())[0]).not.toHaveProperty("hands");
  expect(await takenUp(waiting, 2, { leaseMs: 15_000 })).toMatchObject({ handed: { hand: 1 } });
});

test("a lease that has ended before: nothing is even tried", async () => {
  const waiting = await oneWaits();
  let commits = 0;
  const counted = alterStore(waiting.world.given, (commit, ...args) => {
    commits += 1;
    return commit(...args);
  });
  expect(await takenUp(waiting, 1, { leaseMs: 0, given: counted })).toBe("same");
  expect(commits).toBe(0);
});

test("whoever comes back after the next holder was in the shard is refused, whatever it thinks of its lease", async () => {
  const waiting = await oneWaits();
  expect(await takenUp(waiting, 2, { leaseMs: 15_000 })).toMatchObject({ handed: { hand: 1 } });
  await expect(takenUp(waiting, 1, { leaseMs: 15_000 })).rejects.toThrow(StaleFenceError);
});
