import { expect, test } from "@jest/globals";
import { FakeClock } from "@countersign/testing";
import { testStoreContract } from "../store/store-contract.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import { changing, drawId, SHARD, writing } from "../store/store-fixture.ts";
import { IntegrityError, StoreFullError, StoreStoppedError, type ChangeSet, type Store } from "../store/store.ts";
import { CountedStore } from "./counted-store.ts";

const nobody = { happened: () => undefined, committed: () => undefined };
testStoreContract("a counted store", async (clock) => new CountedStore(openMemoryStore({ clock }), nobody));

const TOLD: ChangeSet["audit"] = [
  { event: "transaction.created", tenant: "t", actor: "app:1", subject: "transaction:1", detail: {} },
];

/** A store that answers as told, and what was counted. */
function answering(commit: () => Promise<unknown>, outcome: () => Promise<unknown> = async () => "absent") {
  const counted: string[] = [];
  const store = { ...openMemoryStore({ clock: new FakeClock() }), commit, outcome } as unknown as Store;
  const counter = {
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
  ["refused", new IntegrityError("x")],
])("an error counts as %s and reaches the caller as it is", async (how, error) => {
  const { store, counted } = answering(() => Promise.reject(error));
  await expect(store.commit(SHARD, change())).rejects.toBe(error);
  expect(counted).toEqual([how]);
});

test.each([
  ["committed", ["unknown", "transaction"]],
  ["absent", ["unknown"]],
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
  expect(counted).toEqual(["unknown", "transaction"]);
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
