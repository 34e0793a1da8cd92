// What the embedded store does when the machine fails it: full disk, I/O errors, a second owner, a foreign file.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { verifyAudit } from "../audit/verify-audit.ts";
import type { CrashPoint } from "./crash-point.ts";
import { DATABASE_FILE, StoreFolderError } from "./sqlite-database.ts";
import { APPLICATION_ID, OLDER_SCHEMAS } from "./sqlite-schema.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";
import { changing, drawId, seen, SHARD, writing } from "./store-fixture.ts";
import { StoreFullError, StoreStoppedError, type ChangeSet, type Store } from "./store.ts";

const folder = tempFolder();
const key = macKey(new Uint8Array(32).fill(7));
const freshFolder = (): string => join(folder, drawId());
const open = (at: string, more: Partial<SqliteStoreOptions> = {}): Promise<Store> =>
  openSqliteStore({ folder: at, macKey: key, ...more });

describe("full disk", () => {
  test("fails the whole group with StoreFullError, writes nothing, and works on once there is room", async () => {
    const at = freshFolder();
    let db: DatabaseSync | undefined;
    const store = await open(at, { onOpened: (opened) => (db = opened) });
    await store.commit(SHARD, changing([writing("before", "", "kept")]));
    const pages = Number(db!.prepare("PRAGMA page_count").get()!["page_count"]);
    db!.exec(`PRAGMA max_page_count = ${pages + 3}`);
    const changes = Array.from({ length: 50 }, (_, i) => changing([writing(`big-${i}`, "", "x".repeat(3000))]));
    const results = await Promise.allSettled(changes.map((change, i) => store.commit(i, change)));
    expect(
      new Set(results.map((result) => result.status === "rejected" && result.reason instanceof StoreFullError)),
    ).toEqual(new Set([true]));
    for (const [i, change] of changes.entries()) {
      expect(await store.outcome(i, change.changeId)).toBe("absent");
      expect((await seen(store, `big-${i}`, i)).version).toBe("");
    }
    expect((await seen(store, "before")).note).toBe("kept");
    db!.exec("PRAGMA max_page_count = 1000000");
    expect(new Set(await Promise.all(changes.map((change, i) => store.commit(i, change))))).toEqual(
      new Set(["committed"]),
    );
    await store.close();
    expect(verifyAudit(at, key)).toMatchObject({ ok: true, entities: 51 });
  });
});

describe("I/O errors", () => {
  const POINTS: readonly (readonly [CrashPoint, "absent" | "committed"])[] = [
    ["group-begun", "absent"],
    ["change-begun", "absent"],
    ["entities-written", "absent"],
    ["audit-written", "absent"],
    ["change-written", "absent"],
    ["heads-written", "absent"],
    ["before-commit", "absent"],
    ["after-commit", "committed"],
  ];

  test.each(POINTS)("at %s: unknown, then nothing until it is opened again, which says %s", async (point, truth) => {
    const at = freshFolder();
    let armed = false;
    let told: Error | undefined;
    const buggify = (passed: CrashPoint): void => {
      if (armed && passed === point) throw new Error("input/output error");
    };
    const store = await open(at, { buggify, onStopped: (error) => (told = error) });
    await store.commit(SHARD, changing([writing("before", "", "kept")]));
    armed = true;
    const change = changing([writing("a", "", "x")]);
    expect(await store.commit(SHARD, change)).toBe("unknown");
    expect(told).toBeInstanceOf(StoreStoppedError);
    await expect(store.commit(SHARD, changing([]))).rejects.toBeInstanceOf(StoreStoppedError);
    await expect(store.outcome(SHARD, change.changeId)).rejects.toBeInstanceOf(StoreStoppedError);
    await expect(seen(store, "before")).rejects.toBeInstanceOf(StoreStoppedError);
    await store.close();
    const again = await open(at);
    expect(await again.outcome(SHARD, change.changeId)).toBe(truth);
    expect((await seen(again, "a")).note).toBe(truth === "committed" ? "x" : undefined);
    expect((await seen(again, "before")).note).toBe("kept");
    await again.close();
    expect(verifyAudit(at, key).ok).toBe(true);
  });
});

describe("owner of the folder", () => {
  test("a second store on the same folder is refused, in this process and from another; afterwards it is free", async () => {
    const at = freshFolder();
    const store = await open(at);
    await expect(open(at)).rejects.toThrow(StoreFolderError);
    await expect(open(at)).rejects.toThrow(/in use by another core/);
    const child = fileURLToPath(new URL("testing/crash-child.ts", import.meta.url));
    const other = spawnSync(process.execPath, ["--conditions=source", child, at, "none", "0", "0"], {
      encoding: "utf8",
    });
    expect(other.status).toBe(1);
    expect(other.stderr).toContain("is in use by another core");
    await store.close();
    await (await open(at)).close();
  });

  test("whoever reads beside it and has the database for a moment is waited for, and stops nothing", async () => {
    const at = freshFolder();
    const committing = new Int32Array(new SharedArrayBuffer(8));
    const onGroup = (): void => void (Atomics.store(committing, 0, 1), Atomics.notify(committing, 0));
    const store = await open(at, { onGroup });
    const reader = new Worker(READER, { eval: true, workerData: { path: join(at, DATABASE_FILE), committing } });
    const gone = once(reader, "exit");
    await once(reader, "message");
    expect(await store.commit(SHARD, changing([writing("a", "", "x")]))).toBe("committed");
    await gone;
    await store.close();
  });

  test("folder 0700 and every file 0600, whatever they were before", async () => {
    const at = freshFolder();
    mkdirSync(at, { mode: 0o755 });
    chmodSync(at, 0o755);
    const store = await open(at);
    await store.commit(SHARD, changing([writing("a", "", "x")]));
    const modes = readdirSync(at).map((file) => [file, statSync(join(at, file)).mode & 0o777]);
    expect(Object.fromEntries(modes)).toEqual({
      [DATABASE_FILE]: 0o600,
      [`${DATABASE_FILE}-wal`]: 0o600,
      [`${DATABASE_FILE}-shm`]: 0o600,
      "owner.lock": 0o600,
    });
    expect(statSync(at).mode & 0o777).toBe(0o700);
    await store.close();
  });
});

/** Holds the lock of who writes, as a reader does that repairs a torn index of the log, until a commit has met it. */
const READER = `
  const { parentPort, workerData: { path, committing } } = require("node:worker_threads");
  const db = new (require("node:sqlite").DatabaseSync)(path);
  db.exec("BEGIN IMMEDIATE");
  parentPort.postMessage("has it");
  Atomics.wait(committing, 0, 0);
  Atomics.wait(committing, 1, 0, 200); // the commit cannot say that it waits: it blocks its thread
  db.exec("ROLLBACK");
  db.close();
`;

describe("opening", () => {
  test("WAL and synchronous FULL hold on a new and on a reopened store", async () => {
    const at = freshFolder();
    const settings: unknown[] = [];
    const onOpened = (db: DatabaseSync): void => {
      settings.push(
        db.prepare("PRAGMA journal_mode").get()!["journal_mode"],
        db.prepare("PRAGMA synchronous").get()!["synchronous"],
      );
    };
    for (let i = 0; i < 2; i++) await (await open(at, { onOpened })).close();
    expect(settings).toEqual(["wal", 2, "wal", 2]);
  });

  test.each([
    ["a newer schema", "PRAGMA user_version = 3", /has schema 3.*reads 2/],
    ["another program's database", "PRAGMA application_id = 1", /another program/],
  ])("refuses %s", async (_, sql, message) => {
    const at = freshFolder();
    await (await open(at)).close();
    const db = new DatabaseSync(join(at, DATABASE_FILE));
    db.exec(sql);
    db.close();
    await expect(open(at)).rejects.toThrow(message);
  });

  test("schema 1, which stored whole witnesses, is brought up to date with all that is in it", async () => {
    const [at, older] = [freshFolder(), freshFolder()];
    const store = await open(at);
    for (let i = 0; i < 100; i++) await store.commit(SHARD, changing([writing(`id-${i}`, "", `note ${i}`)]));
    await store.close();
    mkdirSync(older);
    const db = new DatabaseSync(join(older, DATABASE_FILE));
    db.exec(`${OLDER_SCHEMAS[1]?.schema} ATTACH '${join(at, DATABASE_FILE)}' AS newer;`);
    for (const table of ["entity", "audit", "chain_head", "store_root"]) {
      db.exec(`INSERT INTO main.${table} SELECT * FROM newer.${table}`);
    }
    db.exec(`INSERT INTO witness VALUES (${SHARD}, 100, x'00', x'00')`);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;`);
    db.close();
    for (let i = 0; i < 2; i++) {
      const opened = await open(older, { cacheBytes: 0 });
      expect(await seen(opened, "id-42")).toMatchObject({ note: "note 42" });
      expect(await opened.commit(SHARD, changing([writing(`more-${i}`, "", "more")]))).toBe("committed");
      await opened.close();
    }
  });

  test("an older schema with a trigger planted in it is refused", async () => {
    const at = freshFolder();
    mkdirSync(at);
    const db = new DatabaseSync(join(at, DATABASE_FILE));
    db.exec(`${OLDER_SCHEMAS[1]?.schema} CREATE TRIGGER t AFTER UPDATE ON entity BEGIN DELETE FROM audit; END;`);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;`);
    db.close();
    await expect(open(at)).rejects.toThrow(/altered from outside/);
  });

  test("refuses a file that is no database, and lets go of the folder", async () => {
    const at = freshFolder();
    mkdirSync(at);
    writeFileSync(
      join(at, DATABASE_FILE),
      "not a database, but long enough to be read as the header of one".repeat(20),
    );
    await expect(open(at)).rejects.toThrow(/not a database/);
    await expect(open(at)).rejects.toThrow(/not a database/);
  });

  test("what was committed is there after close, with versions that go on", async () => {
    const at = freshFolder();
    const first = await open(at);
    const changes: ChangeSet[] = Array.from({ length: 200 }, (_, i) => changing([writing(`n${i}`, "", `${i}`)]));
    await Promise.all(changes.map((change) => first.commit(SHARD, change)));
    await first.close();
    const second = await open(at);
    expect(await seen(second, "n150")).toEqual({ version: "151", note: "150" });
    await second.commit(SHARD, changing([writing("n150", "151", "again")]));
    expect((await seen(second, "n150")).version).toBe("201");
    expect((await second.audit(SHARD, 1, 1000)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 201 }, (_, i) => i + 1),
    );
    await second.close();
    expect(await closedStoreRefuses(second)).toBe(true);
  });

  test("what was queued when the store closes is committed", async () => {
    const at = freshFolder();
    const store = await open(at);
    const queued = store.commit(SHARD, changing([writing("a", "", "x")]));
    await store.close();
    expect(await queued).toBe("committed");
  });
});

async function closedStoreRefuses(store: Store): Promise<boolean> {
  return seen(store, "n150").then(
    () => false,
    (error: unknown) => error instanceof StoreStoppedError,
  );
}
