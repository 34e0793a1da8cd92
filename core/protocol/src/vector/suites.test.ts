import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkAccept, checkReject, type VectorFile, writeVectors } from "./suite.ts";
import { SUITES } from "./suites.ts";

const folder = join(import.meta.dirname, "../../vectors");

function stored(name: string): string {
  return readFileSync(join(folder, `${name}.json`), "utf8");
}

describe.each(SUITES)("vectors: $name", (suite) => {
  const file: VectorFile = JSON.parse(stored(suite.name));

  test.each(file.accept)("accepts $name", (vector) => {
    expect(checkAccept(suite, vector)).toEqual([]);
  });

  test.each(file.reject)("refuses $name", (vector) => {
    expect(checkReject(suite, vector)).toEqual([]);
  });

  test("the stored file is what vectors/generate.ts writes", () => {
    expect(writeVectors(suite)).toBe(stored(suite.name));
  });

  test("no two vectors share a name", () => {
    const names = [...file.accept, ...file.reject].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

test("at least half of all vectors are invalid", () => {
  const files = SUITES.map((suite): VectorFile => JSON.parse(stored(suite.name)));
  const accept = files.reduce((sum, file) => sum + file.accept.length, 0);
  const reject = files.reduce((sum, file) => sum + file.reject.length, 0);
  expect(reject).toBeGreaterThanOrEqual(accept);
});
