import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { ProcessLock } from "./process-lock.ts";
import { StateFile } from "./state-file.ts";

const folder = tempFolder();

test("what was saved last is loaded, by its owner alone; nothing else is left", () => {
  const path = join(folder, "a.json");
  const file = new StateFile<{ n: number }>(path);
  expect(file.load()).toBeUndefined();
  for (let n = 1; n <= 3; n++) file.save({ n });
  expect(new StateFile<{ n: number }>(path).load()).toEqual({ n: 3 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["a.json"]);
});

test("a half-written successor changes nothing; a damaged file is named, and not begun anew", () => {
  const path = join(folder, "b.json");
  const file = new StateFile<{ n: number }>(path);
  file.save({ n: 1 });
  writeFileSync(`${path}.next`, '{"n":');
  expect(file.load()).toEqual({ n: 1 });
  writeFileSync(path, '{"n":');
  expect(() => file.load()).toThrow(/b\.json is damaged/);
  expect(readFileSync(path, "utf8")).toBe('{"n":');
});

test("the lock is one process's until it is released", () => {
  const path = join(folder, "lock");
  const lock = ProcessLock.take(path);
  expect(() => ProcessLock.take(path)).toThrow(/another process uses/);
  lock.release();
  ProcessLock.take(path).release();
});
