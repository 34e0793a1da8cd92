import { copyFileSync, existsSync, mkdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CryptoStore } from "./crypto-store.ts";
import { committed, dom, settled, type Db, type DbKey, type DbStore } from "./indexed-db.ts";

const key = new Uint8Array(32).fill(3);
const root = tempFolder();
let folders = 0;

function freshFolder(): string {
  folders += 1;
  return join(root, `store-${folders}`);
}

async function makeDatabase(store: CryptoStore, version = 1): Promise<Db> {
  const request = dom.indexedDB.open(`${store.prefix}::test`, version);
  request.addEventListener("upgradeneeded", () => {
    const db = request.result;
    const names = new Set(db.objectStoreNames);
    if (!names.has("loose")) db.createObjectStore("loose", { keyPath: null, autoIncrement: false });
    if (!names.has("inline")) {
      db.createObjectStore("inline", { keyPath: "id", autoIncrement: false }).createIndex("by-kind", ["kind", "id"], {
        unique: false,
        multiEntry: false,
      });
    }
    if (version > 1) db.createObjectStore("later", { keyPath: null, autoIncrement: true });
  });
  return settled(request);
}

async function change(db: Db, store: string, act: (store: DbStore) => void): Promise<void> {
  const transaction = db.transaction([store], "readwrite");
  act(transaction.objectStore(store));
  await committed(transaction);
}

async function contents(store: CryptoStore, name: string): Promise<[DbKey, unknown][]> {
  const db = await settled(dom.indexedDB.open(`${store.prefix}::test`));
  const at = db.transaction([name]).objectStore(name);
  const [keys, values] = await Promise.all([settled(at.getAllKeys()), settled(at.getAll())]);
  db.close();
  return keys.map((found, index) => [found, values[index]]);
}

async function open(folder: string): Promise<CryptoStore> {
  return CryptoStore.open({ folder, key });
}

/** What a killed process leaves behind: the files as they are now. */
async function afterKill(folder: string): Promise<CryptoStore> {
  const copy = freshFolder();
  mkdirSync(copy, { mode: 0o700 });
  for (const name of ["device.sqlite", "device.sqlite-wal"]) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
  }
  return open(copy);
}

describe("the crypto store", () => {
  test("brings back databases, indexes, keys and values of every kind, and what was kept", async () => {
    const folder = freshFolder();
    const store = await open(folder);
    const db = await makeDatabase(store);
    const rows: [DbKey, unknown][] = [
      [-1.5, { deep: [1n, null, { a: "b" }] }],
      [5, new Uint8Array([1, 2, 3])],
      ["a ü \ud83d\ude00", "text"],
      [new Uint8Array([7, 8]), -0.5],
      [["nested", [1, "x"]], true],
    ];
    await change(db, "loose", (at) => rows.forEach(([name, value]) => at.put(value, name)));
    await change(db, "inline", (at) => at.put({ id: "i", kind: "k" }));
    store.keep("account", new Uint8Array([4, 5]));
    await store.close();

    const again = await open(folder);
    expect(again.prefix).not.toBe(store.prefix);
    const found = await contents(again, "loose");
    expect(found.map(([, value]) => value)).toEqual(rows.map(([, value]) => value));
    expect(found[3]?.[0]).toEqual(new Uint8Array([7, 8]).buffer);
    expect(await contents(again, "inline")).toEqual([["i", { id: "i", kind: "k" }]]);
    const reopened = await settled(dom.indexedDB.open(`${again.prefix}::test`));
    const index = reopened.transaction(["inline"]).objectStore("inline").index("by-kind");
    expect([index.keyPath, index.unique]).toEqual([["kind", "id"], false]);
    expect(again.kept("account")).toEqual(new Uint8Array([4, 5]));
    expect(again.kept("other")).toBeUndefined();
    await again.close();
  });

  test("a flush is durable: what a kill after it leaves is all there", async () => {
    const folder = freshFolder();
    const store = await open(folder);
    const db = await makeDatabase(store);
    await change(db, "loose", (at) => at.put("sent", "ratchet"));
    await store.flush();
    await change(db, "loose", (at) => at.put("not flushed", "ratchet"));
    const survivor = await afterKill(folder);
    expect(await contents(survivor, "loose")).toEqual([["ratchet", "sent"]]);
    await survivor.close();
    await store.close();
  });

  test("a flush writes what changed, and nothing when nothing did", async () => {
    const store = await open(freshFolder());
    const db = await makeDatabase(store);
    await change(db, "loose", (at) => at.put(1, "a"));
    await store.flush();
    const before = store.generation;
    await store.flush();
    await change(db, "loose", (at) => at.put(1, "a"));
    await store.flush();
    expect(store.generation).toBe(before);
    await change(db, "loose", (at) => at.put(2, "a"));
    await store.flush();
    expect(store.generation).toBe(before + 1n);
    await store.close();
  });

  test("what an aborted transaction did is not there", async () => {
    const folder = freshFolder();
    const store = await open(folder);
    const db = await makeDatabase(store);
    const transaction = db.transaction(["loose"], "readwrite");
    transaction.objectStore("loose").put(1, "a");
    const gone = committed(transaction).catch(() => "aborted");
    (transaction as unknown as { abort(): void }).abort();
    expect(await gone).toBe("aborted");
    await store.close();
    const again = await open(folder);
    expect(await contents(again, "loose")).toEqual([]);
    await again.close();
  });

  test("stores that a later version adds come along, and the older rows with them", async () => {
    const folder = freshFolder();
    const store = await open(folder);
    const first = await makeDatabase(store);
    await change(first, "loose", (at) => at.put(1, "a"));
    await store.flush();
    first.close();
    const db = await makeDatabase(store, 2);
    await change(db, "later", (at) => {
      at.add("x");
      at.add("y");
    });
    await store.close();
    const again = await open(folder);
    expect(await contents(again, "later")).toEqual([
      [1, "x"],
      [2, "y"],
    ]);
    expect(await contents(again, "loose")).toEqual([["a", 1]]);
    await again.close();
  });

  test("a database that was deleted stays deleted, also after a reset", async () => {
    const folder = freshFolder();
    const store = await open(folder);
    const db = await makeDatabase(store);
    await store.flush();
    db.close();
    await settled(dom.indexedDB.deleteDatabase(`${store.prefix}::test`));
    await store.close();
    const again = await open(folder);
    expect((await dom.indexedDB.databases()).filter(({ name }) => name.startsWith(again.prefix))).toEqual([]);
    again.keep("account", new Uint8Array(1));
    (await makeDatabase(again)).close();
    await again.close();
    const third = await open(folder);
    expect(third.kept("account")).toEqual(new Uint8Array(1));
    await third.reset();
    expect(third.kept("account")).toBeUndefined();
    await third.close();
    const last = await open(folder);
    expect(last.kept("account")).toBeUndefined();
    expect((await dom.indexedDB.databases()).filter(({ name }) => name.startsWith(last.prefix))).toEqual([]);
    await last.close();
  });

  test("a second opening is refused while the first lasts; a damaged file is never taken for none", async () => {
    const folder = freshFolder();
    const store = await open(folder);
    await expect(open(folder)).rejects.toMatchObject({ name: "StoreError", code: "in-use" });
    await store.close();
    truncateSync(join(folder, "device.sqlite"), 0);
    await expect(open(folder)).rejects.toMatchObject({ name: "StoreError", code: "damaged" });
    await expect(open(folder)).rejects.toMatchObject({ code: "damaged" }); // the lock was let go
  });

  test("after any changes and flushes, in any order, a kill leaves the state of the last flush", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
        const folder = freshFolder();
        const store = await open(folder);
        const db = await makeDatabase(store);
        const model = new Map<string, number>();
        let flushed = new Map<string, number>();
        const flushes: Promise<void>[] = [];
        for (const [kind, name, value] of commands) {
          if (kind === "flush") {
            flushed = new Map(model);
            flushes.push(store.flush());
            if (value % 2 === 0) await Promise.all(flushes);
          } else {
            await Promise.all(flushes); // so that the model knows what the last flush saw
            await change(db, "loose", (at) => apply(kind, at, name, value));
            applyToModel(kind, model, name, value);
          }
        }
        await Promise.all(flushes);
        const survivor = await afterKill(folder);
        const found = (await databasesOf(survivor)) === 0 ? [] : await contents(survivor, "loose");
        expect(new Map(found as [string, number][])).toEqual(flushed);
        await survivor.close();
        await store.close();
      }),
      { numRuns: 40 },
    );
  });
});

type Kind = "put" | "delete" | "range" | "clear" | "cursor-update" | "cursor-delete" | "flush";

const command: fc.Arbitrary<[Kind, string, number]> = fc.tuple(
  fc.constantFrom<Kind>(
    "put",
    "put",
    "put",
    "delete",
    "range",
    "clear",
    "cursor-update",
    "cursor-delete",
    "flush",
    "flush",
  ),
  fc.constantFrom("a", "b", "c", "d"),
  fc.nat(3),
);

interface WalkingStore extends DbStore {
  openCursor(
    key: string,
  ): { result: { update(value: unknown): void; delete(): void } | null } & ReturnType<DbStore["get"]>;
}

function apply(kind: Kind, at: DbStore, name: string, value: number): void {
  if (kind === "put") at.put(value, name);
  if (kind === "delete") at.delete(name);
  if (kind === "clear") at.clear();
  if (kind === "range") at.delete(upTo(name));
  if (!kind.startsWith("cursor")) return;
  const request = (at as WalkingStore).openCursor(name);
  request.addEventListener("success", () => {
    if (kind === "cursor-update") request.result?.update(value);
    else request.result?.delete();
  });
}

function applyToModel(kind: Kind, model: Map<string, number>, name: string, value: number): void {
  if (kind === "put" || (kind === "cursor-update" && model.has(name))) model.set(name, value);
  if (kind === "delete" || kind === "cursor-delete") model.delete(name);
  if (kind === "clear") model.clear();
  if (kind === "range") for (const known of [...model.keys()]) if (known <= name) model.delete(known);
}

function upTo(name: string): object {
  return (dom.IDBKeyRange as unknown as { upperBound(key: string): object }).upperBound(name);
}

async function databasesOf(store: CryptoStore): Promise<number> {
  return (await dom.indexedDB.databases()).filter(({ name }) => name.startsWith(store.prefix)).length;
}
