import { expect, test } from "@jest/globals";
import { FakeClock } from "@countersign/testing";
import { testStoreContract } from "../store/store-contract.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import { changing, drawId, SHARD, writing } from "../store/store-fixture.ts";
import { IntegrityError, StoreFullError, StoreStoppedError, type ChangeSet, type Store } from "../store/store.ts";
import { CountedStore } from "./counted-store.ts";

const NOTHING = { settled: () => undefined, loaded: () => undefined, handedFirst: () => undefined };
const nobody = { ...NOTHING, happened: () => undefined, committed: () => undefined, integrity: () => undefined };
testStoreContract("a counted store", async (clock) => new CountedStore(openMemoryStore({ clock }), nobody));

const TOLD: ChangeSet["audit"] = [
  { event: "transaction.created", tenant: "t", actor: "app:1", subject: "transaction:1", detail: {} },
];

/** A store that answers as told, and what was counted. */
function answering(commit: () => Promise<unknown>, outcome: () => Promise<unknown> = async () => "absent") {
  const counted: string[] = [];
  const store = { ...openMemoryStore({ clock: new FakeClock() }), commit, outcome } as unknown as Store;
  const counter = {
    ...NOTHING,
    settled: (how: string) => void counted.push(`settled ${how}`),
    integrity: () => void counted.push("integrity"),
    happened: ({ type }: { readonly type: string }) => void counted.push(type),
    committed: (how: string, seconds: number) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      counted.push(how);
    },
  };
  return { counted, store: new CountedStore(store, counter) };
}

const change = (): ChangeSet => changing([writing("a", "", "n")], { audit: TOLD });

test("what is committed is counted, before its caller goes on", async () => {
  const { store, counted } = answering(async () => "committed");
  await store.commit(SHARD, change());
  expect(counted).toEqual(["committed", "transaction"]);
});

test.each(["conflict", "late"])("%s: only the commit is", async (outcome) => {
  const { store, counted } = answering(async () => outcome);
  expect(await store.commit(SHARD, change())).toBe(outcome);
  expect(counted).toEqual([outcome]);
});

test.each([
  ["full", new StoreFullError("x")],
  ["stopped", new StoreStoppedError("x")],
])("an error counts as %s and reaches the caller as it is", async (how, error) => {
  const { store, counted } = answering(() => Promise.reject(error));
  await expect(store.commit(SHARD, change())).rejects.toBe(error);
  expect(counted).toEqual([how]);
});

test("what the core did not write is counted by itself, in a commit and in a load", async () => {
  const error = new IntegrityError("x");
  const { store, counted } = answering(() => Promise.reject(error));
  await expect(store.commit(SHARD, change())).rejects.toBe(error);
  expect(counted).toEqual(["integrity", "refused"]);
  const loads: string[] = [];
  const counter = { ...nobody, loaded: (how: string) => void loads.push(how), integrity: () => void loads.push("!") };
  const inner = openMemoryStore({ clock: new FakeClock() });
  const counting = new CountedStore(inner, counter);
  await counting.load(SHARD);
  inner.load = () => Promise.reject(error);
  await expect(counting.load(SHARD)).rejects.toBe(error);
  expect(loads).toEqual(["loaded", "failed", "!"]);
});

test.each([
  ["committed", ["unknown", "settled committed", "transaction"]],
  ["absent", ["unknown", "settled absent"]],
])("unknown, then %s: counted once, however often it is asked", async (fate, expected) => {
  const { store, counted } = answering(
    async () => "unknown",
    async () => fate,
  );
  const one = change();
  await store.commit(SHARD, one);
  expect(await store.outcome(SHARD, one.changeId)).toBe(fate);
  expect(await store.outcome(SHARD, one.changeId)).toBe(fate);
  expect(counted).toEqual(expected);
});

test("a question that failed may be asked again", async () => {
  let down = true;
  const { store, counted } = answering(
    async () => "unknown",
    async () => {
      if (down) throw new Error("down");
      return "committed";
    },
  );
  const one = change();
  await store.commit(SHARD, one);
  await expect(store.outcome(SHARD, one.changeId)).rejects.toThrow("down");
  down = false;
  await store.outcome(SHARD, one.changeId);
  expect(counted).toEqual(["unknown", "settled failed", "settled committed", "transaction"]);
});

test("fates that nobody asks for do not pile up", async () => {
  const { store, counted } = answering(
    async () => "unknown",
    async () => "committed",
  );
  const first = { ...change(), changeId: drawId() };
  await store.commit(SHARD, first);
  for (let i = 0; i < 1024; i++) await store.commit(SHARD, { ...first, changeId: drawId() });
  await store.outcome(SHARD, first.changeId);
  expect(counted).not.toContain("transaction");
});
