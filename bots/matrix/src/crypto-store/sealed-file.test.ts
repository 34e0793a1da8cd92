import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { tempFolder } from "@countersign/testing";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SealedFile } from "./sealed-file.ts";

const folder = tempFolder();
const key = new Uint8Array(32).fill(9);
let files = 0;

function fresh(): string {
  files += 1;
  return join(folder, `file-${files}`);
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function write(path: string, put: Record<string, string>, remove: string[] = []): void {
  const { file } = SealedFile.open(path, key);
  file.write({ put: new Map(Object.entries(put).map(([name, value]) => [name, bytes(value)])), remove });
  file.close();
}

function read(path: string, withKey: Uint8Array = key): Record<string, string> {
  const { file, values } = SealedFile.open(path, withKey);
  file.close();
  return Object.fromEntries([...values].map(([name, value]) => [name, Buffer.from(value).toString()]));
}

/** A file of two generations, changed by SQL behind its back. */
function altered(sql: string, source: string = sample()): string {
  const path = fresh();
  copyFileSync(source, path);
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
  return path;
}

/** SQL that gives the rows of a table another generation, of a type that only a damaged file can hold. */
function loosely(table: string, generation: string): string {
  return `CREATE TABLE loose AS SELECT * FROM ${table}; UPDATE loose SET generation = ${generation}; DROP TABLE ${table}; ALTER TABLE loose RENAME TO ${table}`;
}

function sample(): string {
  const path = fresh();
  write(path, { a: "one", b: "two", c: "three" });
  write(path, { b: "TWO", d: "four" }, ["c"]);
  return path;
}

/** What is read, or the name of the refusal. */
function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return (error as Error).name;
  }
}

const damaged = expect.objectContaining({ name: "StoreError", code: "damaged" });

describe("a sealed file", () => {
  test("gives back what was written last", () => {
    expect(read(sample())).toEqual({ a: "one", b: "TWO", d: "four" });
  });

  test("is its owner's alone, and shows neither names nor values", () => {
    const path = fresh();
    write(path, { "a-name-of-mine": "a-value-of-mine" });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const raw = readFileSync(path, "latin1");
    expect(raw).not.toContain("a-name-of-mine");
    expect(raw).not.toContain("a-value-of-mine");
  });

  test("counts its generations on, and not for a change that failed", () => {
    const path = fresh();
    const { file } = SealedFile.open(path, key);
    file.write({ put: new Map([["a", bytes("1")]]), remove: [] });
    expect(file.generation).toBe(1n);
    file.close();
    expect(() => file.write({ put: new Map(), remove: [] })).toThrow(
      expect.objectContaining({ name: "StoreError", code: "unwritable" }),
    );
    expect(file.generation).toBe(1n);
    const again = SealedFile.open(path, key).file;
    expect(again.generation).toBe(1n);
    again.close();
  });

  test("says of another key that it is another key, and of a short one that it is short", () => {
    const path = sample();
    expect(() => read(path, new Uint8Array(32).fill(8))).toThrow(
      expect.objectContaining({ code: "wrong-key", message: expect.stringContaining("--store-key-file") }),
    );
    expect(() => read(path, new Uint8Array(16))).toThrow("it must have 32");
  });

  test.each([
    ["a changed row", "UPDATE item SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB) WHERE rowid_of = 1"],
    ["a removed row", "DELETE FROM item WHERE id = (SELECT min(id) FROM item)"],
    ["a second copy of a row", "INSERT INTO item SELECT randomblob(16), generation, sealed FROM item LIMIT 1"],
    ["a row under another generation", "UPDATE item SET generation = 1"],
    ["no rows", "DELETE FROM item"],
    ["no head", "DELETE FROM head"],
    ["an older generation in the head", "UPDATE head SET generation = 1"],
    ["a generation in the head that JavaScript cannot count to", "UPDATE head SET generation = 9223372036854775807"],
    ["a generation of a row that JavaScript cannot count to", "UPDATE item SET generation = 9223372036854775807"],
    ["a negative generation", "UPDATE item SET generation = -1"],
    ["a generation that is no number", loosely("item", "'x'")],
    ["a generation in the head that is no number", loosely("head", "x'02'")],
    ["a generation that is no whole number", loosely("item", "0.5")],
    ["a dropped table", "DROP TABLE item"],
    [
      "swapped rows",
      "CREATE TEMP TABLE t AS SELECT * FROM item; UPDATE item SET sealed = (SELECT sealed FROM t WHERE t.id <> item.id LIMIT 1)",
    ],
  ])("is refused with %s", (_name, sql) => {
    const path = altered(sql.replace("rowid_of = 1", "id = (SELECT min(id) FROM item)"));
    expect(() => read(path)).toThrow(damaged);
  });

  test("is refused with a row, or with the head, of an older copy of itself", () => {
    const path = fresh();
    write(path, { a: "one", b: "two" });
    const old = fresh();
    copyFileSync(path, old);
    write(path, { a: "ONE" });
    const attach = `ATTACH '${old}' AS old;`;
    expect(() => read(altered(`${attach} INSERT OR REPLACE INTO item SELECT * FROM old.item`, path))).toThrow(damaged);
    expect(() => read(altered(`${attach} INSERT OR REPLACE INTO head SELECT * FROM old.head`, path))).toThrow(damaged);
  });

  test("is refused with a row of another file under the same key", () => {
    const [one, other] = [sample(), sample()];
    const path = altered(`ATTACH '${other}' AS other; INSERT OR REPLACE INTO item SELECT * FROM other.item`, one);
    expect(() => read(path)).toThrow(damaged);
  });

  test.each([0, 1, 100, 4096, 8192])("is refused when cut to %d bytes, and not taken for a new one", (length) => {
    const path = sample();
    truncateSync(path, length);
    expect(() => read(path)).toThrow(damaged);
    expect(statSync(path).size).toBe(length);
  });

  test("is never read as something else after any change of one byte", () => {
    const whole = readFileSync(sample());
    const told = read(sample());
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const path = fresh();
        const changed = Buffer.from(whole);
        changed[at] = changed[at]! ^ mask;
        writeFileSync(path, changed, { mode: 0o600 });
        const seen = attempt(() => read(path));
        // Bytes that SQLite does not use may change; what is read stays what was written.
        expect(["StoreError", told]).toContainEqual(seen);
      }),
      { numRuns: 300 },
    );
  });

  test("holds one connection alone", () => {
    const path = sample();
    const { file } = SealedFile.open(path, key);
    expect(() => SealedFile.open(path, key)).toThrow(expect.objectContaining({ code: "in-use" }));
    file.close();
    expect(read(path)).toEqual({ a: "one", b: "TWO", d: "four" });
  });
});
