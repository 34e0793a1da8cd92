import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { drawnBefore, drawToken, readToken, writeNewFile } from "./token-file.ts";

const folder = tempFolder();
let files = 0;
const fresh = (): string => join(folder, `token-${(files += 1)}`);

test("a drawn token is in its file alone, 0600, and its hash is what is told", () => {
  const path = fresh();
  const drawn = drawToken("cs_app_", path);
  const text = readFileSync(path, "utf8").trim();
  expect(text).toMatch(/^cs_app_[A-Za-z0-9_-]{43}$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(drawn.sha256).toEqual(createHash("sha256").update(text).digest());
  expect(JSON.stringify(drawn)).not.toContain(text);
  expect(drawToken("cs_app_", fresh()).sha256).not.toEqual(drawn.sha256);
});

test("a file that is there is never overwritten", () => {
  const path = fresh();
  writeFileSync(path, "mine");
  expect(() => drawToken("cs_bot_", path)).toThrow("is there already");
  expect(() => writeNewFile(path, "x")).toThrow("is there already");
  expect(readFileSync(path, "utf8")).toBe("mine");
});

test("what cannot be written names file and reason", () => {
  expect(() => drawToken("cs_bot_", join(folder, "none", "x"))).toThrow("ENOENT");
});

test("one that was refused goes; one of an earlier run stays", () => {
  const path = fresh();
  const drawn = drawToken("cs_admin_", path);
  const before = drawnBefore("cs_admin_", path);
  expect(before.sha256).toEqual(drawn.sha256);
  before.discard();
  expect(existsSync(path)).toBe(true);
  drawn.discard();
  expect(existsSync(path)).toBe(false);
});

test.each([
  ["readable by others", (path: string) => chmodSync(path, 0o644), "chmod 600"],
  ["of another kind", (path: string) => writeFileSync(path, `cs_app_${"x".repeat(43)}\n`), "holds something else than"],
  ["no token", (path: string) => writeFileSync(path, "hello"), "holds no Countersign token"],
])("a file that is %s is refused, and its content never told", (_name, spoil, words) => {
  const path = fresh();
  drawToken("cs_admin_", path);
  spoil(path);
  const text = readFileSync(path, "utf8").trim();
  expect(() => readToken(path, "cs_admin_")).toThrow(words);
  expect(() => readToken(path, "cs_admin_")).not.toThrow(text);
});
