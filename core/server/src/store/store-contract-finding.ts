// The part of the store contract about finding entities again: lists, due times, lanes, hints, audit entries.
import { expect, test } from "@jest/globals";
import { encodeEntry, GENESIS, hashEntry } from "../audit/audit-entry.ts";
import { withStore, type OpenStore } from "./with-store.ts";
import { changing, deleting, peerKey, seen, SHARD, TENANT, writing } from "./store-fixture.ts";
import type { AnyWrite, Found } from "./store.ts";

/** Called by testStoreContract. */
export function testFindingContract(open: OpenStore): void {
  testLists(open);
  testDueAndLanes(open);
  testHints(open);
  testAudit(open);
}

function testLists(open: OpenStore): void {
  const page = { tenant: TENANT, limit: 2 };

  test("lists an owner's entities of a type, newest first, page by page", () =>
    withStore(open, async (store) => {
      const writes = [3, 1, 2].map((sort) => writing(`p${sort}`, "", "x", { owner: "ann", sort }));
      await store.commit(SHARD, changing([...writes, writing("other", "", "x", { owner: "bob", sort: 9 })]));
      expect(await store.list(SHARD, "peer", "ann", page)).toEqual([peerKey("p3"), peerKey("p2")]);
      expect(await store.list(SHARD, "peer", "ann", { ...page, before: 2 })).toEqual([peerKey("p1")]);
      expect(await store.list(SHARD, "peer", "nobody", page)).toEqual([]);
      expect(await store.list(SHARD, "user", "ann", page)).toEqual([]);
      expect(await store.list(SHARD + 1, "peer", "ann", page)).toEqual([]);
    }));

  test("tenants with a user of one name do not see each other", () =>
    withStore(open, async (store) => {
      const foreign: AnyWrite = {
        ...writing("p1", "", "x", { owner: "ann", sort: 1 }),
        key: peerKey("p1", "f".repeat(32)),
      } as AnyWrite;
      await store.commit(SHARD, changing([foreign, writing("p1", "", "y", { owner: "ann", sort: 1 })]));
      expect(await store.list(SHARD, "peer", "ann", page)).toEqual([peerKey("p1")]);
    }));

  test("a page is not cut between equal sorts", () =>
    withStore(open, async (store) => {
      const writes = ["a", "b", "c", "d"].map((id) => writing(id, "", "x", { owner: "ann", sort: id === "d" ? 1 : 5 }));
      await store.commit(SHARD, changing(writes));
      expect(await store.list(SHARD, "peer", "ann", page)).toEqual([peerKey("a"), peerKey("b"), peerKey("c")]);
      expect(await store.list(SHARD, "peer", "ann", { ...page, before: 5 })).toEqual([peerKey("d")]);
    }));

  test("a new index replaces the old one, no index takes it out, deletion too", () =>
    withStore(open, async (store) => {
      await store.commit(SHARD, changing([writing("a", "", "x", { owner: "ann", sort: 1, due: 10, lane: "bot" })]));
      await store.commit(
        SHARD,
        changing([writing("a", (await seen(store, "a")).version, "y", { owner: "bob", due: 20 })]),
      );
      expect(await store.list(SHARD, "peer", "ann", page)).toEqual([]);
      expect(await store.list(SHARD, "peer", "bob", page)).toEqual([peerKey("a")]);
      expect([await store.nextDue(), await store.lane("bot", 9)]).toEqual([20, []]);
      await store.commit(SHARD, changing([writing("a", (await seen(store, "a")).version, "z")]));
      expect([await store.list(SHARD, "peer", "bob", page), await store.nextDue()]).toEqual([[], undefined]);
      await store.commit(SHARD, changing([writing("a", (await seen(store, "a")).version, "z", { owner: "eve" })]));
      await store.commit(SHARD, changing([deleting("a", (await seen(store, "a")).version)]));
      expect(await store.list(SHARD, "peer", "eve", page)).toEqual([]);
    }));
}

function ids(found: readonly Found[]): string[] {
  return found.map(({ shard, key }) => `${shard}:${key.id}`);
}

function testDueAndLanes(open: OpenStore): void {
  test("finds what is due over all shards, earliest first", () =>
    withStore(open, async (store) => {
      expect(await store.nextDue()).toBeUndefined();
      await store.commit(3, changing([writing("c", "", "x", { due: 300 }), writing("a", "", "x", { due: 100 })]));
      await store.commit(900, changing([writing("b", "", "x", { due: 200 }), writing("never", "", "x")]));
      expect(await store.nextDue()).toBe(100);
      expect(ids(await store.due(99, 10))).toEqual([]);
      expect(ids(await store.due(200, 10))).toEqual(["3:a", "900:b"]);
      expect(ids(await store.due(999, 2))).toEqual(["3:a", "900:b"]);
      expect((await store.due(100, 10))[0]).toEqual({ shard: 3, key: peerKey("a") });
    }));

  test("finds what waits in a lane, oldest first", () =>
    withStore(open, async (store) => {
      await store.commit(3, changing([writing("late", "", "x", { lane: "bot1", sort: 2 })]));
      await store.commit(900, changing([writing("early", "", "x", { lane: "bot1", sort: 1 })]));
      await store.commit(900, changing([writing("other", "", "x", { lane: "bot2", sort: 0 })]));
      expect(ids(await store.lane("bot1", 10))).toEqual(["900:early", "3:late"]);
      expect(ids(await store.lane("bot1", 1))).toEqual(["900:early"]);
      expect(await store.lane("bot3", 10)).toEqual([]);
    }));
}

function testHints(open: OpenStore): void {
  test("tells its listeners after each commit, and only after commits", () =>
    withStore(open, async (store) => {
      const told: string[] = [];
      const stop = store.subscribe((shard, keys) => told.push(`${shard}:${keys.map((key) => key.id).join("+")}`));
      await store.commit(SHARD, changing([writing("a", "", "x"), writing("b", "", "x")]));
      await store.commit(SHARD, changing([writing("a", "", "conflicting")]));
      await store.commit(SHARD, changing([writing("c", "", "late")], { notAfter: 1 }));
      await new Promise(setImmediate);
      expect(told).toEqual([`${SHARD}:a+b`]);
      stop();
      await store.commit(SHARD, changing([writing("d", "", "x")]));
      await new Promise(setImmediate);
      expect(told).toHaveLength(1);
    }));
}

function testAudit(open: OpenStore): void {
  test("every commit appends one entry that names all it wrote, chained by hashes", () =>
    withStore(open, async (store) => {
      const first = changing([writing("a", "", "x"), writing("b", "", "x")]);
      await store.commit(SHARD, first);
      const a = await seen(store, "a");
      await store.commit(SHARD, changing([writing("a", "", "conflicting")]));
      await store.commit(SHARD, changing([deleting("a", a.version)]));
      await store.commit(SHARD, changing([]));
      const entries = await store.audit(SHARD, 1, 10);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(entries[0]).toMatchObject({
        shard: SHARD,
        epoch: 1,
        changeId: first.changeId,
        events: first.audit,
        previous: GENESIS,
      });
      expect(entries.map(({ versions }) => versions)).toEqual([
        [
          ["peer", TENANT, "a", a.version],
          ["peer", TENANT, "b", a.version],
        ],
        [["peer", TENANT, "a", ""]],
        [],
      ]);
      for (const [i, entry] of entries.entries()) {
        expect(entry.previous).toEqual(entries[i - 1]?.hash ?? GENESIS);
        expect(entry.hash).toEqual(hashEntry(entry.previous, encodeEntry(entry)));
      }
    }));

  test("hands the chain out in ranges", () =>
    withStore(open, async (store) => {
      for (let i = 0; i < 5; i++) await store.commit(SHARD, changing([]));
      const seqs = async (from: number, limit: number): Promise<number[]> =>
        (await store.audit(SHARD, from, limit)).map(({ seq }) => seq);
      expect(await seqs(1, 2)).toEqual([1, 2]);
      expect(await seqs(3, 10)).toEqual([3, 4, 5]);
      expect(await seqs(6, 10)).toEqual([]);
      expect((await store.audit(SHARD, 3, 1))[0]!.previous).toEqual((await store.audit(SHARD, 2, 1))[0]!.hash);
    }));
}
