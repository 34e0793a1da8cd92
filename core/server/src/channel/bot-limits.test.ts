// What is counted of a bot outlives the process that counted it, and holds on every core of a store.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { shardOfKey } from "../store/entity.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { BotState } from "./bot-state.ts";
import { leaseKey, takeLease } from "./lease.ts";

let world: CoreWorld;
beforeEach(async () => {
  world = await CoreWorld.open();
});
afterEach(() => world.given.store.close());

/** The bot as a core sees it that has just started, or that it was not attached to before. */
function newCore(): BotState {
  return new BotState(world.given, { tenantId: world.tenantId, botId: world.botId });
}

async function commits(): Promise<number> {
  const { tenantId, botId } = world;
  return (await world.given.store.audit(shardOfKey(leaseKey({ tenantId, botId })), 1, 10_000)).length;
}

describe("threat 25: the veto rate of a bot", () => {
  test("twenty vetoes freeze, over however many restarts and cores", async () => {
    const normal: boolean[] = [];
    for (let i = 0; i < 30; i++) normal.push(await newCore().countVeto());
    expect(normal).toEqual([...Array<boolean>(20).fill(true), ...Array<boolean>(10).fill(false)]);
  });

  test("two cores count together at the same time", async () => {
    const [one, other] = [newCore(), newCore()];
    const normal = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : other).countVeto()));
    expect(normal.filter(Boolean)).toHaveLength(20);
  });

  test("the alarm is raised once, not once a core", async () => {
    for (let i = 0; i < 30; i++) await newCore().countVeto();
    const entries = await world.given.store.audit(shardOfKey(leaseKey(newCore().name)), 1, 10_000);
    const events = entries.flatMap(({ events: all }) => all.map(({ event }) => event));
    expect(events.filter((event) => event === "bot.veto-alarm")).toHaveLength(1);
  });

  test("a flood costs no commit beyond the limit", async () => {
    const core = newCore();
    for (let i = 0; i < 21; i++) await core.countVeto();
    const before = await commits();
    for (let i = 0; i < 100; i++) expect(await core.countVeto()).toBe(false);
    expect(await commits()).toBe(before);
  });

  test("prompts ride on the beats of the lease, and let a busy bot veto more on the next core", async () => {
    const lease = await takeLease(world.given, newCore().name, new AbortController().signal);
    const core = newCore();
    const before = await commits();
    for (let i = 0; i < 400; i++) core.prompted();
    expect(await commits()).toBe(before);
    await core.withCounts(async (again) => lease?.renew(again));
    expect(await commits()).toBe(before + 1);
    const next = newCore();
    const normal: boolean[] = [];
    for (let i = 0; i < 101; i++) normal.push(await next.countVeto());
    expect(normal.filter(Boolean)).toHaveLength(100);
  });

  test("the next holder of the lease takes the counts over", async () => {
    for (let i = 0; i < 20; i++) await newCore().countVeto();
    const signal = new AbortController().signal;
    const lease = await takeLease(world.given, newCore().name, signal);
    await lease?.release();
    await takeLease(world.given, newCore().name, signal);
    expect(await newCore().countVeto()).toBe(false);
  });

  test("a beat that fails loses no prompt", async () => {
    const core = newCore();
    for (let i = 0; i < 400; i++) core.prompted();
    await expect(core.withCounts(() => Promise.reject(new Error("the store is away")))).rejects.toThrow("away");
    const normal: boolean[] = [];
    for (let i = 0; i < 50; i++) normal.push(await core.countVeto());
    expect(normal.every(Boolean)).toBe(true);
  });
});

test("sixty strangers a minute, over however many restarts and cores", async () => {
  const admitted: boolean[] = [];
  for (let i = 0; i < 70; i++) admitted.push(await newCore().admitsStranger());
  expect(admitted.filter(Boolean)).toHaveLength(60);
  world.clock.advance(60_000);
  expect(await newCore().admitsStranger()).toBe(true);
});
