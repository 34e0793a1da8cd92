import { expect, test } from "@jest/globals";
import { FakeClock } from "@countersign/testing";
import { openLog } from "./log.ts";
import { openMemoryStore } from "./store/memory-store.ts";
import type { Found, Store } from "./store/store.ts";
import { Sweeper } from "./sweep.ts";

const clock = new FakeClock();

async function withDue(...dues: number[]): Promise<Store> {
  const store = openMemoryStore({ clock });
  for (const [i, due] of dues.entries()) {
    const id = String(i).padStart(32, "0");
    const outcome = await store.commit(i, {
      changeId: id,
      epoch: 1,
      writes: [{ key: { type: "transaction", tenant: "", id }, expected: "", body: { n: i } as never, index: { due } }],
      audit: [{ event: "made", tenant: "", actor: "core", subject: "x", detail: {} }],
    });
    expect(outcome).toBe("committed");
  }
  return store;
}

test("handles what is due, and nothing else", async () => {
  const now = clock.now().getTime();
  const store = await withDue(now - 1, now, now + 60_000);
  const seen: string[] = [];
  const handler = async ({ key }: Found): Promise<void> => void seen.push(key.id.slice(-1));
  const sweeper = new Sweeper({ store, log: openLog("silent") }, { transaction: handler });
  await sweeper.sweep();
  await sweeper.stop();
  expect(seen.toSorted()).toEqual(["0", "1"]);
});

test("one that fails is logged and stops no other", async () => {
  const now = clock.now().getTime();
  const store = await withDue(now, now);
  const lines: string[] = [];
  let handled = 0;
  const handler = async ({ key }: Found): Promise<void> => {
    if (key.id.endsWith("0")) throw new Error("broken");
    handled += 1;
  };
  const sweeper = new Sweeper(
    { store, log: openLog("info", { write: (line) => void lines.push(line) }) },
    { transaction: handler },
  );
  await sweeper.sweep();
  await sweeper.stop();
  expect(handled).toBe(1);
  expect(lines.join("")).toContain(`transaction:${"0".repeat(32)}`);
});

test("wakes by itself when the time of the earliest comes", async () => {
  const real = { now: () => new Date() };
  const store = openMemoryStore({ clock: real });
  const done = Promise.withResolvers<number>();
  const due = Date.now() + 60;
  await store.commit(1, {
    changeId: "a".repeat(32),
    epoch: 1,
    writes: [
      { key: { type: "transaction", tenant: "", id: "b".repeat(32) }, expected: "", body: {} as never, index: { due } },
    ],
    audit: [{ event: "made", tenant: "", actor: "core", subject: "x", detail: {} }],
  });
  const sweeper = new Sweeper({ store, log: openLog("silent") }, { transaction: async () => done.resolve(Date.now()) });
  sweeper.start();
  expect(await done.promise).toBeGreaterThanOrEqual(due);
  await sweeper.stop();
});

test("a store that fails is asked again, and stop waits for what runs", async () => {
  const store = await withDue(clock.now().getTime());
  const lines: string[] = [];
  const broken = new Proxy(store, {
    get: (target, name) =>
      name === "due" ? () => Promise.reject(new Error("disk")) : (Reflect.get(target, name) as unknown),
  });
  const sweeper = new Sweeper({ store: broken, log: openLog("info", { write: (line) => void lines.push(line) }) }, {});
  sweeper.start();
  await sweeper.sweep();
  await sweeper.stop();
  expect(lines.join("")).toContain("could not be swept");
});
