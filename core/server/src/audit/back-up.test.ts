import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { startChild, tempFolder } from "@countersign/testing";
import { runOnce } from "@countersign/testing/child";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { DATABASE_FILE } from "../store/sqlite-database.ts";
import { changing, drawId, seen, SHARD, writing } from "../store/store-fixture.ts";
import type { Store } from "../store/store.ts";
import { backUp } from "./back-up.ts";
import { verifyAudit } from "./verify-audit.ts";

const MAIN = "core/server/src/main.ts";
const key = macKey(new Uint8Array(32).fill(7));
const root = tempFolder();
let data: string;
let to: string;
let runs = 0;

beforeEach(() => {
  [data, to] = [join(root, `data-${++runs}`), join(root, `copy-${runs}`)];
});

const open = (folder: string): Promise<Store> => openSqliteStore({ folder, macKey: key });

describe("a backup", () => {
  test("beside a core that commits on holds all that was acknowledged before it, and verifies", async () => {
    const store = await open(data);
    for (let i = 0; i < 200; i++) await store.commit(SHARD, changing([writing(`before ${i}`, "", "kept")]));
    const writer = { on: true };
    const busy = (async () => {
      while (writer.on) await store.commit(SHARD, changing([writing(drawId(), "", "maybe")]));
    })();
    const made = await backUp(data, to, key);
    writer.on = false;
    await busy;
    await store.close();
    expect(made).toMatchObject({ ok: true, folder: to, findings: [] });
    expect(made.entries).toBeGreaterThanOrEqual(200);
    const restored = await open(to);
    for (const i of [0, 99, 199]) expect((await seen(restored, `before ${i}`)).note).toBe("kept");
    // It is a store like any other: work goes on.
    expect(await restored.commit(SHARD, changing([writing(drawId(), "", "new")]))).toBe("committed");
    await restored.close();
    expect(verifyAudit(to, key)).toMatchObject({ ok: true, entries: made.entries + 1 });
  });

  test("is its owner's alone, and nothing lies beside it", async () => {
    await (await open(data)).close();
    await backUp(data, to, key);
    expect(lstatSync(to).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(to, DATABASE_FILE)).mode & 0o777).toBe(0o600);
    expect(readdirSync(to)).toEqual([DATABASE_FILE]);
    expect(readdirSync(root).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("replaces nothing, and of nothing there is none", async () => {
    await expect(backUp(data, to, key)).rejects.toThrow("there is no store");
    await (await open(data)).close();
    await backUp(data, to, key);
    await expect(backUp(data, to, key)).rejects.toThrow("exists");
  });

  test("of a store that does not hold says so, and does not take the name", async () => {
    const store = await open(data);
    for (let i = 0; i < 5; i++) await store.commit(SHARD, changing([writing(`${i}`, "", "x")]));
    await store.close();
    const db = new DatabaseSync(join(data, DATABASE_FILE));
    db.exec("UPDATE entity SET body = replace(body, 'x', 'y') WHERE rowid = (SELECT min(rowid) FROM entity)");
    db.close();
    const made = await backUp(data, to, key);
    expect(made.ok).toBe(false);
    expect(made.findings.length).toBeGreaterThan(0);
    expect(existsSync(to)).toBe(false);
    expect(existsSync(made.folder)).toBe(true);
  });
});

test("the program backs up beside a core that runs, and a core starts on the copy", async () => {
  const folders = ["--data", data, "--secrets", join(root, "secrets")];
  const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit"];
  await runOnce(MAIN, ["bootstrap", ...folders, "--out", join(root, "out"), ...names]);
  const core = await startChild(MAIN, ["serve", ...folders, "--listen", "127.0.0.1:0"]);
  try {
    const printed = await runOnce(MAIN, ["backup", ...folders, "--to", to]);
    expect(JSON.parse(printed)).toMatchObject({ ok: true, folder: to });
  } finally {
    await core.stop();
  }
  const copy = ["--data", to, "--secrets", join(root, "secrets"), "--listen", "127.0.0.1:0"];
  const restored = await startChild(MAIN, ["serve", ...copy]);
  expect(await restored.stop()).toBe(0);
});
