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

test("beside other cores each thing has its turn: what another one did by then is left alone", async () => {
  const now = clock.now().getTime();
  const store = await withDue(now, now, now);
  const seen: string[] = [];
  const last = Promise.withResolvers<void>();
  const byAnother = async ({ key, shard }: Found<"transaction">): Promise<void> => {
    const { entities, epoch } = await store.load(shard, key);
    const outcome = await store.commit(shard, {
      changeId: "c".repeat(32),
      epoch,
      writes: [{ key, expected: entities[0].version, body: undefined }],
      audit: [{ event: "done", tenant: "", actor: "core", subject: "x", detail: {} }],
    });
    expect(outcome).toBe("committed");
  };
  const [at1] = (await store.due(now, 9)).slice(1) as [Found<"transaction">];
  const handler = async ({ key }: Found): Promise<void> => {
    seen.push(key.id);
    // No pass begins before this one is over, so the turns of the others have not come.
    if (seen.length === 1) await byAnother(at1);
    else last.resolve();
  };
  // The first of them at once, the others at the end of the time within which all cores have looked.
  const turns = [0, 1, 1];
  const given = { store, log: openLog("silent"), soleCore: false };
  const sweeper = new Sweeper(given, { transaction: handler }, () => turns.shift() ?? 1);
  await sweeper.sweep();
  expect(seen).toHaveLength(1);
  await last.promise;
  await sweeper.stop();
  expect(seen).not.toContain(at1.key.id);
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
