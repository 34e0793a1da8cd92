import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { Token } from "../token.ts";
import { readTokenFile } from "./token-file.ts";

const folder = tempFolder();
const TEXT = "cs_app_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

test("check 16: a token prints as its name", () => {
  const token = new Token(TEXT);
  expect([token.toString(), JSON.stringify({ token }), inspect(token), inspect({ token })].join(" ")).not.toContain(
    TEXT,
  );
  expect(inspect(token)).toBe("[token]");
  expect(token.reveal()).toBe(TEXT);
});

test("a token file is one line, read only by its owner", () => {
  expect(readTokenFile(write("good", `${TEXT}\n`, 0o600)).isOfApp).toBe(true);
  expect(readTokenFile(write("grant", TEXT.replace("app", "grant"), 0o600)).isOfApp).toBe(false);
  expect(() => readTokenFile(write("open", TEXT, 0o644))).toThrow("chmod 600");
  expect(() => readTokenFile(write("other", "password", 0o600))).toThrow("holds no Countersign token");
  expect(() => readTokenFile(join(folder, "absent"))).toThrow("absent");
});

function write(name: string, text: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}
