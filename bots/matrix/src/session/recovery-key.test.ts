import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { makeRecoveryKey, readRecoveryKey } from "./recovery-key.ts";

const folder = tempFolder();

test("a recovery key is written for its owner alone, in the spelling that other clients take", () => {
  const path = join(folder, "key");
  expect(readRecoveryKey(path)).toBeUndefined();
  const key = makeRecoveryKey(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toMatch(/^Es[1-9A-HJ-NP-Za-km-z]{2}( [1-9A-HJ-NP-Za-km-z]{4}){11}\n$/);
  expect(readRecoveryKey(path)).toEqual(key);
  expect(() => makeRecoveryKey(path)).toThrow("there already");
  expect(readRecoveryKey(path)).toEqual(key);
});

test("anything else in the file is refused, and so is a file that others may read", () => {
  const path = join(folder, "other");
  const whole = readFileSync(join(folder, "key"), "utf8");
  for (const text of ["", "password", whole.slice(0, -6), whole.replace(/.$/m, "1")]) {
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => readRecoveryKey(path)).toThrow("--recovery-key-file");
  }
  writeFileSync(path, whole);
  chmodSync(path, 0o644);
  expect(() => readRecoveryKey(path)).toThrow("chmod 600");
});
