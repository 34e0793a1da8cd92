// What every store has to do, whatever it is made of. docs/protocol/store.md. Run by each store's own test file.
import { describe, expect, test } from "@jest/globals";
import { testFindingContract } from "./store-contract-finding.ts";
import type { Frozen } from "../transaction/transaction.ts";
import { SHARDS, type EntityKey } from "./entity.ts";
import { changing, deleting, drawId, peerKey, seen, SHARD, TENANT, writing } from "./store-fixture.ts";
import { withStore, type OpenStore } from "./with-store.ts";
import type { ChangeSet, Read, Store } from "./store.ts";

/** The contract of the port `Store`, as a suite. */
export function testStoreContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the store contract`, () => {
    testVersions(open);
    testRaces(open);
    testTime(open);
    testBodies(open);
    testRules(open);
    testFindingContract(open);
  });
}

function testVersions(open: OpenStore): void {
  test("what does not exist has version and no body", () =>
    withStore(open, async (store, clock) => {
      const loaded = await store.load(SHARD, peerKey("a"), peerKey("b"));
      expect(loaded.entities).toEqual([
        { key: peerKey("a"), version: "", body: undefined },
        { key: peerKey("b"), version: "", body: undefined },
      ]);
      expect(loaded.now).toBe(clock.now().getTime());
    }));

  test("creates, replaces and deletes under the version that was loaded", () =>
    withStore(open, async (store) => {
      await store.commit(SHARD, changing([writing("a", "", "first")]));
      const first = await seen(store, "a");
      expect(await store.commit(SHARD, changing([writing("a", first.version, "second")]))).toBe("committed");
      const second = await seen(store, "a");
      expect(second.note).toBe("second");
      expect(second.version).not.toBe(first.version);
      expect(await store.commit(SHARD, changing([deleting("a", first.version)]))).toBe("conflict");
      expect(await store.commit(SHARD, changing([deleting("a", second.version)]))).toBe("committed");
      expect(await seen(store, "a")).toEqual({ version: "", note: undefined });
    }));

  test("a version never comes back, not even after deletion", () =>
    withStore(open, async (store) => {
      const versions = new Set<string>();
      for (let round = 0; round < 5; round++) {
        await store.commit(SHARD, changing([writing("a", "", "here")]));
        const { version } = await seen(store, "a");
        versions.add(version);
        await store.commit(SHARD, changing([deleting("a", version)]));
      }
      expect(versions.size).toBe(5);
    }));

  test("writes all of a change set or nothing", () =>
    withStore(open, async (store) => {
      await store.commit(SHARD, changing([writing("b", "", "there")]));
      const half = changing([writing("a", "", "half"), writing("b", "", "half"), writing("c", "", "half")]);
      expect(await store.commit(SHARD, half)).toBe("conflict");
      expect([(await seen(store, "a")).note, (await seen(store, "b")).note, (await seen(store, "c")).note]).toEqual([
        undefined,
        "there",
        undefined,
      ]);
      expect(await store.outcome(SHARD, half.changeId)).toBe("absent");
    }));

  test("what a change only rests on must stand as it was loaded, and keeps its version", () =>
    withStore(open, async (store) => {
      await store.commit(SHARD, changing([writing("a", "", "first"), writing("b", "", "there")]));
      const { version } = await seen(store, "a");
      expect(await store.commit(SHARD, noting(version, "c"))).toBe("committed");
      expect(await seen(store, "a")).toEqual({ version, note: "first" });
      await store.commit(SHARD, changing([writing("a", version, "second")]));
      expect(await store.commit(SHARD, noting(version, "d"))).toBe("conflict");
      expect(await store.commit(SHARD, noting("", "d"))).toBe("conflict");
      await store.commit(SHARD, changing([deleting("a", (await seen(store, "a")).version)]));
      expect(await store.commit(SHARD, noting(version, "d"))).toBe("conflict");
      expect((await seen(store, "d")).note).toBeUndefined();
      expect(await store.commit(SHARD, noting("", "d"))).toBe("committed");
      const [entry] = (await store.audit(SHARD, 1, 100)).slice(-1);
      expect(entry?.versions.map(([, , id]) => id)).toEqual(["d"]);
    }));

  test("refuses another epoch than the one loaded", () =>
    withStore(open, async (store) => {
      const { epoch } = await store.load(SHARD, peerKey("a"));
      expect(await store.commit(SHARD, changing([writing("a", "", "x")], { epoch: epoch + 1 }))).toBe("conflict");
      expect(await store.commit(SHARD, changing([writing("a", "", "x")], { epoch }))).toBe("committed");
    }));

  test("tells afterwards whether a change was committed", () =>
    withStore(open, async (store) => {
      const change = changing([writing("a", "", "x")]);
      expect(await store.outcome(SHARD, change.changeId)).toBe("absent");
      await store.commit(SHARD, change);
      await store.commit(SHARD, changing([writing("b", "", "x")]));
      expect(await store.outcome(SHARD, change.changeId)).toBe("committed");
      expect(await store.outcome(SHARD + 1, change.changeId)).toBe("absent");
    }));
}

function testRaces(open: OpenStore): void {
  test("commits exactly one of two changes that read the same version", () =>
    withStore(open, async (store) => {
      await store.commit(SHARD, changing([writing("a", "", "x")]));
      const { version } = await seen(store, "a");
      const outcomes = await Promise.all([
        store.commit(SHARD, changing([writing("a", version, "left")])),
        store.commit(SHARD, changing([writing("a", version, "right")])),
      ]);
      expect(outcomes.toSorted()).toEqual(["committed", "conflict"]);
    }));

  test.each(["create", "replace", "delete"])("commits exactly one of 100 that race to %s", (how) =>
    withStore(open, async (store) => {
      if (how !== "create") await store.commit(SHARD, changing([writing("a", "", "x")]));
      const { version } = await seen(store, "a");
      const race = Array.from({ length: 100 }, (_, i) =>
        store.commit(
          SHARD,
          changing([how === "delete" ? deleting("a", version) : writing("a", version, `racer ${i}`)]),
        ),
      );
      const outcomes = await Promise.all(race);
      expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "conflict")).toHaveLength(99);
      const winner = how === "delete" ? undefined : `racer ${outcomes.indexOf("committed")}`;
      expect((await seen(store, "a")).note).toBe(winner);
    }),
  );

  test("commits a change and one that rests on what it writes in either order, never both the wrong way round", () =>
    withStore(open, async (store) => {
      await store.commit(SHARD, changing([writing("a", "", "first")]));
      const { version } = await seen(store, "a");
      const outcomes = await Promise.all([
        store.commit(SHARD, noting(version, "before")),
        store.commit(SHARD, changing([writing("a", version, "second")])),
        store.commit(SHARD, noting(version, "after")),
      ]);
      expect(outcomes).toEqual(["committed", "committed", "conflict"]);
    }));

  test("changes of one group see those before them: a loser's other writes leave no trace", () =>
    withStore(open, async (store) => {
      const outcomes = await Promise.all([
        store.commit(SHARD, changing([writing("a", "", "1")])),
        store.commit(SHARD, changing([writing("b", "", "2"), writing("a", "", "2")])),
        store.commit(SHARD, changing([writing("b", "", "3")])),
      ]);
      expect(outcomes).toEqual(["committed", "conflict", "committed"]);
      expect((await seen(store, "b")).note).toBe("3");
    }));

  test("shards do not know of each other", () =>
    withStore(open, async (store) => {
      const shards = [0, 1, 31, 32, 511, SHARDS - 1];
      await Promise.all(shards.map((shard) => store.commit(shard, changing([writing("a", "", `in ${shard}`)]))));
      for (const shard of shards) {
        expect((await seen(store, "a", shard)).note).toBe(`in ${shard}`);
        expect(await store.audit(shard, 1, 10)).toHaveLength(1);
      }
      expect((await seen(store, "a", 2)).version).toBe("");
    }));
}

function testTime(open: OpenStore): void {
  test.each([
    { window: "before notBefore", from: 1, to: 100, outcome: "late" },
    { window: "at notBefore", from: 0, to: 100, outcome: "committed" },
    { window: "at notAfter", from: -100, to: 0, outcome: "committed" },
    { window: "after notAfter", from: -100, to: -1, outcome: "late" },
  ])("$window: $outcome, by the store's clock", ({ from, to, outcome }) =>
    withStore(open, async (store) => {
      const now = store.now();
      const change = changing([writing("a", "", "x")], { notBefore: now + from, notAfter: now + to });
      expect(await store.commit(SHARD, change)).toBe(outcome);
      expect((await seen(store, "a")).note).toBe(outcome === "late" ? undefined : "x");
      expect(await store.outcome(SHARD, change.changeId)).toBe(outcome === "late" ? "absent" : "committed");
    }),
  );

  test("time is compared at the commit, not at the call", () =>
    withStore(open, async (store, clock) => {
      const late = store.commit(SHARD, changing([writing("a", "", "x")], { notAfter: store.now() + 10 }));
      clock.advance(11);
      expect(await late).toBe("late");
    }));

  test("entries carry the store's time at their commit", () =>
    withStore(open, async (store, clock) => {
      await store.commit(SHARD, changing([writing("a", "", "x")]));
      clock.advance(5000);
      await store.commit(SHARD, changing([writing("b", "", "x")]));
      const [first, second] = await store.audit(SHARD, 1, 2);
      expect(second!.at - first!.at).toBe(5000);
    }));
}

function testBodies(open: OpenStore): void {
  test("bodies come back as they were: bytes, bigint, nested, empty, text of every script", () =>
    withStore(open, async (store) => {
      const txId = drawId();
      const key: EntityKey<"transaction"> = { type: "transaction", tenant: TENANT, id: txId };
      const body = {
        txId,
        nonce: Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
        content: new Uint8Array(0),
        fields: [
          { label: 1, value: { type: "amount", amount: { currency: "EUR", minorUnits: 999_999_999_999_999_999n } } },
        ],
        tag: 'quote " backslash \\ newline \n 漢字 𝄞 \u2028 \ud800',
        keyIds: [],
        policy: { highValue: false, digits: 6.5, tries: -3 },
      } as unknown as Frozen;
      await store.commit(SHARD, changing([{ key, expected: "", body: body as never }]));
      const { entities } = await store.load(SHARD, key);
      expect(entities[0].body).toEqual(body);
      expect(Object.getPrototypeOf(entities[0].body!.nonce)).toBe(Uint8Array.prototype);
    }));

  test("a body of a megabyte is kept whole", () =>
    withStore(open, async (store) => {
      const note = "0123456789abcdef".repeat(65_536);
      await store.commit(SHARD, changing([writing("big", "", note)]));
      expect((await seen(store, "big")).note).toBe(note);
    }));

  test("nobody changes a body that the store holds", () =>
    withStore(open, async (store) => {
      const write = writing("a", "", "before");
      const committed = store.commit(SHARD, changing([write]));
      (write.body as { userId: string }).userId = "after the call";
      await committed;
      const { entities } = await store.load(SHARD, peerKey("a"));
      expect(() => ((entities[0].body as { userId: string }).userId = "after the load")).toThrow(TypeError);
      expect((await seen(store, "a")).note).toBe("before");
    }));

  test("a loaded body is frozen to its depth, and stays as it was when another version is written", () =>
    withStore(open, async (store) => {
      const key: EntityKey<"transaction"> = { type: "transaction", tenant: TENANT, id: drawId() };
      await store.commit(SHARD, changing([{ key, expected: "", body: nested("first") }]));
      const [first] = (await store.load(SHARD, key)).entities;
      expect(isFrozen(first.body)).toBe(true);
      await store.commit(SHARD, changing([{ key, expected: first.version, body: nested("second") }]));
      expect((await store.load(SHARD, key)).entities[0].body).toEqual(nested("second"));
      expect(first.body).toEqual(nested("first"));
    }));
}

function restingOn(id: string, expected: string = ""): Read {
  return { key: peerKey(id), expected };
}

/** Creates a peer if "a" is at this version. */
function noting(expected: string, note: string): ChangeSet {
  return changing([writing(note, "", note)], { reads: [restingOn("a", expected)] });
}

function nested(note: string): never {
  return { txId: note, issues: [{ epoch: 1, n: [1, { deep: 2n }] }] } as never;
}

function isFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
}

function testRules(open: OpenStore): void {
  const rules: readonly (readonly [string, () => Parameters<Store["commit"]>])[] = [
    ["a shard that does not exist", () => [SHARDS, changing([writing("a", "", "x")])]],
    ["two writes of one entity", () => [SHARD, changing([writing("a", "", "x"), writing("a", "", "y")])]],
    ["a write of what it also rests on", () => [SHARD, changing([writing("a", "", "x")], { reads: [restingOn("a")] })]],
    ["half a surrogate pair in what it rests on", () => [SHARD, changing([], { reads: [restingOn("\ud800")] })]],
    ["a deletion without a version", () => [SHARD, changing([deleting("a", "")])]],
    ["a change id of another form", () => [SHARD, changing([], { changeId: "1" })]],
    ["an entity without id", () => [SHARD, changing([writing("", "", "x")])]],
    ["a NUL in an id", () => [SHARD, changing([writing("a\0b", "", "x")])]],
    ["half a surrogate pair in an id", () => [SHARD, changing([writing("\ud800", "", "x")])]],
    ["a due time that is no whole number", () => [SHARD, changing([writing("a", "", "x", { due: 1.5 })])]],
    ["a member that is no plain data", () => [SHARD, changing([writing("a", "", new Date(0) as never)])]],
    ["a number that is not finite", () => [SHARD, changing([writing("a", "", Number.NaN as never)])]],
  ];
  test.each(rules)("refuses %s, and goes on", (_, bad) =>
    withStore(open, async (store) => {
      await expect(store.commit(...bad())).rejects.toBeInstanceOf(TypeError);
      expect(await store.commit(SHARD, changing([writing("good", "", "x")]))).toBe("committed");
    }),
  );
}
