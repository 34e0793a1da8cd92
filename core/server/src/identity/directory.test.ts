import { expect, test } from "@jest/globals";
import { FakeClock } from "@countersign/testing";
import { shardOfKey } from "../store/entity.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import type { Store } from "../store/store.ts";
import { BELIEVED_MS, Directory, directoryOf } from "./directory.ts";
import { appKey } from "./entity-key.ts";
import type { App } from "./tenant.ts";

const app: App = { appId: "aa".repeat(16), tenantId: "bb".repeat(16), name: "shop", scope: "submit", disabled: false };
const key = appKey(app.tenantId, app.appId);

async function put(store: Store, body: App): Promise<void> {
  const { entities, epoch } = await store.load(shardOfKey(key), key);
  const outcome = await store.commit(shardOfKey(key), {
    changeId: Math.random().toString(16).slice(2).padEnd(32, "0").slice(0, 32),
    epoch,
    writes: [{ key, expected: entities[0].version, body }],
    audit: [{ event: "app.changed", tenant: app.tenantId, actor: "admin", subject: "app", detail: {} }],
  });
  expect(outcome).toBe("committed");
}

/** The store, with how often it was asked, and without hints if another core is meant to write. */
function watched(store: Store, hints: boolean): { store: Store; loads: () => number } {
  let loads = 0;
  const asked = new Proxy(store, {
    get(target, name) {
      if (name === "subscribe" && !hints) return () => () => {};
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (name === "load") loads += 1;
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { store: asked, loads: () => loads };
}

test("is asked once, and again after a commit of this core", async () => {
  const inner = openMemoryStore({ clock: new FakeClock() });
  await put(inner, app);
  const { store, loads } = watched(inner, true);
  const directory = new Directory(store);
  expect(await directory.get(key)).toEqual(app);
  expect(await directory.get(key)).toEqual(app);
  expect(loads()).toBe(1);
  await put(inner, { ...app, disabled: true });
  expect(await directory.get(key)).toMatchObject({ disabled: true });
});

test("check 21: what another core wrote is seen after BELIEVED_MS", async () => {
  const clock = new FakeClock();
  const inner = openMemoryStore({ clock });
  await put(inner, app);
  const directory = new Directory(watched(inner, false).store);
  await directory.get(key);
  await put(inner, { ...app, disabled: true });
  clock.advance(BELIEVED_MS - 1);
  expect(await directory.get(key)).toMatchObject({ disabled: false });
  clock.advance(1);
  expect(await directory.get(key)).toMatchObject({ disabled: true });
});

test("what does not exist is asked for each time", async () => {
  const { store, loads } = watched(openMemoryStore({ clock: new FakeClock() }), true);
  const directory = new Directory(store);
  for (let i = 0; i < 3; i++) expect(await directory.get(key)).toBeUndefined();
  expect(loads()).toBe(3);
});

test("a load that a commit overtook is not kept", async () => {
  const inner = openMemoryStore({ clock: new FakeClock() });
  await put(inner, app);
  const directory = new Directory(inner);
  const loading = directory.get(key);
  await put(inner, { ...app, disabled: true });
  await loading;
  expect(await directory.get(key)).toMatchObject({ disabled: true });
});

test("what is asked for while something else is committed is kept: on a busy store that is always", async () => {
  const inner = openMemoryStore({ clock: new FakeClock() });
  await put(inner, app);
  const { store, loads } = watched(inner, true);
  const other = Promise.withResolvers<void>();
  const far = new Proxy(store, {
    get: (target, name) => {
      if (name !== "load") return Reflect.get(target, name) as unknown;
      return async (...args: Parameters<Store["load"]>) => {
        const loaded = await target.load(...args);
        await other.promise;
        return loaded;
      };
    },
  });
  const directory = new Directory(far);
  const loading = directory.get(key);
  const peer = { type: "peer", tenant: app.tenantId, id: "somebody" } as const;
  const outcome = await inner.commit(shardOfKey(peer), {
    changeId: "c".repeat(32),
    epoch: 1,
    writes: [{ key: peer, expected: "", body: { tenantId: app.tenantId, userId: "ann", linkId: undefined } }],
    audit: [{ event: "peer.pointed", tenant: app.tenantId, actor: "core", subject: "user:ann", detail: {} }],
  });
  expect(outcome).toBe("committed");
  other.resolve();
  await loading;
  await directory.get(key);
  expect(loads()).toBe(1);
});

test("a store has one directory", () => {
  const store = openMemoryStore({ clock: new FakeClock() });
  expect(directoryOf(store)).toBe(directoryOf(store));
});
