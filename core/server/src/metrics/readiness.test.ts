import { describe, expect, test } from "@jest/globals";
import { openMemoryStore } from "../store/memory-store.ts";
import type { Store } from "../store/store.ts";
import { FakeClock } from "@countersign/testing";
import { StoreProbe, whyNotReady, type ReadyFacts } from "./readiness.ts";

const READY: ReadyFacts = { listening: true, draining: false, storeAnswers: true, sinceSwept: 900 };

describe("a core is ready when it listens, its store answers, its sweeper runs and it does not drain", () => {
  test.each([
    [{}, []],
    [{ listening: false }, ["starting"]],
    [{ draining: true }, ["draining"]],
    [{ storeAnswers: false }, ["store"]],
    [{ sinceSwept: undefined }, ["sweeper"]],
    [{ sinceSwept: 5000 }, []],
    [{ sinceSwept: 5001 }, ["sweeper"]],
    [{ draining: true, storeAnswers: false, sinceSwept: 60_000 }, ["draining", "store", "sweeper"]],
  ] as const)("%j: %j", (facts, why) => {
    expect(whyNotReady({ ...READY, ...facts })).toEqual(why);
  });
});

function load(answer: () => Promise<unknown>): Pick<Store, "load"> {
  return { load: answer as Store["load"] };
}

describe("the probe", () => {
  test("is answered by a store that works", async () => {
    const store = openMemoryStore({ clock: new FakeClock() });
    expect(await new StoreProbe(store).answers()).toBe(true);
    await store.close();
  });

  test("takes a refusal for none", async () => {
    expect(await new StoreProbe(load(() => Promise.reject(new Error("stopped")))).answers()).toBe(false);
  });

  test("waits for its deadline alone, and asks a store that hangs once", async () => {
    const hanging = Promise.withResolvers<unknown>();
    let asked = 0;
    const probe = new StoreProbe(
      load(() => {
        asked += 1;
        return hanging.promise;
      }),
      5,
    );
    expect(await Promise.all([probe.answers(), probe.answers()])).toEqual([false, false]);
    expect(await probe.answers()).toBe(false);
    expect(asked).toBe(1);
    hanging.resolve(undefined);
    expect(await probe.answers()).toBe(true);
    expect(await probe.answers()).toBe(true);
    expect(asked).toBe(2);
  });
});
