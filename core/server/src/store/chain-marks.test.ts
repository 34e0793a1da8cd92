import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { ChainMarks, MARK_EVERY } from "./chain-marks.ts";
import { DATABASE_FILE } from "./sqlite-database.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { changing, drawId, SHARD, writing } from "./store-fixture.ts";

const folder = tempFolder();
const KEY = macKey(new Uint8Array(32).fill(7));
const ENTRIES = MARK_EVERY * 6 + 5;

const end = (seq: number) => ({ seq, number: seq, hash: new Uint8Array(32) });

test("the nearest mark at an entry or behind it, else the head", () => {
  const marks = new ChainMarks();
  const head = end(1000);
  for (const seq of [64, 65, 256]) marks.note(SHARD, end(seq));
  const at = (seq: number) => marks.behind(SHARD, seq, head).seq;
  expect([1, 64, 65, 256, 257].map(at)).toEqual([64, 64, 256, 256, 1000]);
  expect(marks.behind(SHARD + 1, 1, head)).toBe(head);
});

test("however long chains grow, marks stay as many, and entries of the longest chain grow dearer first", () => {
  const most = 100;
  const marks = new ChainMarks(most);
  for (let n = 1; n <= 10; n++) marks.note(SHARD + 1, end(n * MARK_EVERY));
  for (let n = 1; n <= 5000; n++) {
    marks.note(SHARD, end(n * MARK_EVERY));
    expect(marks.count).toBeLessThanOrEqual(most);
  }
  const head = end(5001 * MARK_EVERY);
  const behind = (shard: number, seq: number) => marks.behind(shard, seq, head).seq;
  expect(Array.from({ length: 10 }, (_, i) => behind(SHARD + 1, i * MARK_EVERY + 1))).toEqual(
    Array.from({ length: 10 }, (_, i) => (i + 1) * MARK_EVERY),
  );
  // 5000 among 90 at most: every 64th or 128th is left.
  for (const seq of [1, 7777, 100_000, 4000 * MARK_EVERY]) {
    expect(behind(SHARD, seq)).toBeGreaterThanOrEqual(seq);
    expect(behind(SHARD, seq) - seq).toBeLessThan(128 * MARK_EVERY);
  }
});

test("a chain that was read backwards, and one mark of each of many chains, are thinned out too", () => {
  const marks = new ChainMarks(20);
  const numbers = Array.from({ length: 64 }, (_, i) => 64 - i);
  for (const n of numbers) marks.note(SHARD, end(n * MARK_EVERY));
  for (let shard = 100; shard < 200; shard++) marks.note(shard, end(4 * MARK_EVERY));
  expect(marks.count).toBeLessThanOrEqual(20);
  expect(marks.behind(SHARD, 1, end(9999)).seq).toBeGreaterThan(0);
});

test("entries are told in any order, and one that was altered is told by nobody", async () => {
  const path = join(folder, "marked");
  const open = () => openSqliteStore({ folder: path, macKey: KEY });
  const store = await open();
  await Promise.all(Array.from({ length: ENTRIES }, () => store.commit(SHARD, changing([writing(drawId(), "", "x")]))));
  const all = await store.audit(SHARD, 1, ENTRIES);
  expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: ENTRIES }, (_, i) => i + 1));
  await store.close();

  const again = await open();
  for (const seq of [300, 7, 64, 65, 128, ENTRIES, 1])
    expect(await again.audit(SHARD, seq, 3)).toEqual(all.slice(seq - 1, seq + 2));
  for (let seq = ENTRIES; seq > 0; seq -= 1 + (seq % 3))
    expect(await again.audit(SHARD, seq, 1)).toEqual(all.slice(seq - 1, seq));
  // What was committed since is read beside what was known.
  await again.commit(SHARD, changing([writing(drawId(), "", "x")]));
  const [newest] = await again.audit(SHARD, ENTRIES + 1, 10);
  expect(newest).toMatchObject({ seq: ENTRIES + 1, previous: all.at(-1)?.hash });
  expect(await again.audit(SHARD, ENTRIES - 1, 1)).toEqual(all.slice(-2, -1));
  await again.close();

  const db = new DatabaseSync(join(path, DATABASE_FILE));
  db.prepare("UPDATE audit SET entry = replace(entry, 'test.changed', 'test.chanGed') WHERE seq = ?").run(100);
  db.close();
  const altered = await open();
  expect(await altered.audit(SHARD, 300, 3)).toEqual(all.slice(299, 302));
  for (const seq of [100, 99, 70]) await expect(altered.audit(SHARD, seq, 40)).rejects.toThrow("run verify-audit");
  await altered.close();
});
