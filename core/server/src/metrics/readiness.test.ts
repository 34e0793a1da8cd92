import { describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { openMemoryStore } from "../store/memory-store.ts";
import { IntegrityError, type Store } from "../store/store.ts";
import { FakeClock } from "@countersign/testing";
import { socketPair, standStill } from "../store/redis/testing/socket-pair.ts";
import { StoreProbe, whyNotReady, type ReadyFacts } from "./readiness.ts";

const READY: ReadyFacts = { listening: true, draining: false, probed: "answers", writesFail: false, sinceSwept: 900 };

describe("a core is ready when it listens, its store answers, its sweeper runs and it does not drain", () => {
  test.each([
    [{}, []],
    [{ listening: false }, ["starting"]],
    [{ draining: true }, ["draining"]],
    [{ probed: "silent" }, ["store"]],
    [{ probed: "integrity" }, ["integrity"]],
    [{ writesFail: true }, ["writes"]],
    [{ sinceSwept: undefined }, ["sweeper"]],
    [{ sinceSwept: 5000 }, []],
    [{ sinceSwept: 5001 }, ["sweeper"]],
    [{ draining: true, probed: "silent", sinceSwept: 60_000 }, ["draining", "store", "sweeper"]],
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
    expect(await new StoreProbe(store).ask()).toBe("answers");
    await store.close();
  });

  test("takes a refusal for none", async () => {
    expect(await new StoreProbe(load(() => Promise.reject(new Error("stopped")))).ask()).toBe("silent");
  });

  test("is answered by a store of which one server is left, and says when what is left cannot be believed", async () => {
    let left = 5;
    const one = new StoreProbe(load(() => (left-- > 0 ? Promise.reject(new Error("away")) : Promise.resolve({}))));
    expect(await one.ask()).toBe("answers");
    left = 1;
    const other = load(() => Promise.reject(left-- > 0 ? new Error("away") : new IntegrityError("edited")));
    expect(await new StoreProbe(other).ask()).toBe("integrity");
  });

  test("is answered by what came while the core stood still", async () => {
    const { near, far, close } = await socketPair();
    const asked = new StoreProbe(
      load(() => once(near, "data")),
      10,
    ).ask();
    far.write("answer");
    standStill(50);
    expect(await asked).toBe("answers");
    close();
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
    expect(await Promise.all([probe.ask(), probe.ask()])).toEqual(["silent", "silent"]);
    expect(await probe.ask()).toBe("silent");
    const round = asked;
    expect(round).toBeGreaterThan(1);
    hanging.resolve(undefined);
    expect(await probe.ask()).toBe("answers");
    expect(await probe.ask()).toBe("answers");
    expect(asked).toBe(2 * round);
  });
});
