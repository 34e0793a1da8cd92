import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { all, newest, prepareStream, type RowStream, type Span } from "./newest.ts";
import { LAST_PLACE } from "./row-place.ts";

const EVERYTHING: Span = { below: LAST_PLACE, from: -LAST_PLACE };

interface Numbered {
  readonly place: number;
  readonly group: number;
  readonly value: number;
}

function table(rows: readonly Numbered[]): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  db.exec(
    "CREATE TABLE t (place INTEGER PRIMARY KEY, one INTEGER, other INTEGER) STRICT; CREATE INDEX t_one ON t (one)",
  );
  db.exec("BEGIN");
  const put = db.prepare("INSERT INTO t VALUES (?, ?, ?)");
  for (const { place, group, value } of rows) put.run(place, group, value);
  db.exec("COMMIT");
  return db;
}

/** Rows of each group, side by side; with `value` those that have it alone. */
function streams(db: DatabaseSync, groups: readonly number[], value: number | undefined): RowStream[] {
  const rest = value === undefined ? "" : "other = ?";
  const sql = { columns: "place", indexed: "t INDEXED BY t_one", within: "one = ?", rest, ordered: true };
  const statements = prepareStream(db, sql);
  return groups.map((group) => ({ statements, params: [group], rest: value === undefined ? [] : [value] }));
}

async function places(of: readonly RowStream[], span: Span): Promise<number[]> {
  const found: number[] = [];
  for await (const row of newest(of, span)) found.push(Number(row["place"]));
  return found;
}

const asked = fc.record({
  rows: fc.integer({ min: 0, max: 4000 }),
  groups: fc.uniqueArray(fc.nat(4), { maxLength: 4 }),
  /** Of so many values one is wanted; undefined: all. */
  values: fc.option(fc.constantFrom(1, 2, 50, 3000), { nil: undefined }),
  below: fc.nat(5000),
  from: fc.nat(5000),
});

test("rows are those that a naive reader finds, in order, however few of those looked at are wanted", async () => {
  await fc.assert(
    fc.asyncProperty(asked, async ({ rows, groups, values = 1, below, from }) => {
      const held = Array.from({ length: rows }, (_, i) => ({ place: i, group: (i * 7) % 5, value: i % values }));
      const db = table(held);
      const wanted = held
        .filter(({ place, group, value }) => groups.includes(group) && value === 0 && place < below && place >= from)
        .map(({ place }) => place)
        .toReversed();
      const found = await places(streams(db, groups, values === 1 ? undefined : 0), {
        ...{ below: BigInt(below), from: BigInt(from) },
      });
      expect(found).toEqual(wanted);
      db.close();
    }),
    { numRuns: 25 },
  );
});

test("of many streams, too; a row that two have comes once", async () => {
  const held = Array.from({ length: 600 }, (_, i) => ({ place: i, group: i % 200, value: 0 }));
  const db = table(held);
  const groups = Array.from({ length: 300 }, (_, i) => i);
  const found = await places([...streams(db, groups, undefined), ...streams(db, [3], undefined)], EVERYTHING);
  expect(found).toEqual(held.map(({ place }) => place).toReversed());
  db.close();
});

test("others have their turn while much is looked at and nothing found", async () => {
  const db = table(Array.from({ length: 20_000 }, (_, i) => ({ place: i, group: 0, value: 0 })));
  const others = { go: true, turns: 0 };
  const counting = (async () => {
    for (; others.go; others.turns += 1) await nextTurn();
  })();
  expect(await places(streams(db, [0], 1), EVERYTHING)).toEqual([]);
  others.go = false;
  await counting;
  // 64, 128 … rows, then 1024 each time.
  expect(others.turns).toBeGreaterThanOrEqual(20);
  db.close();
});

test("several conditions are one, and what stands for their question marks keeps its order", () => {
  const both = all([
    { sql: "one = ?", params: [1] },
    { sql: "other >= ? AND other < ?", params: [2, 3] },
  ]);
  expect(both).toEqual({ sql: "one = ? AND other >= ? AND other < ?", params: [1, 2, 3] });
  expect(all([])).toEqual({ sql: "", params: [] });
});
