import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { readStoreKey } from "./store-key.ts";

const folder = tempFolder();

function keyFile(text: string): string {
  const path = join(folder, "key");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

test("64 hex digits are 32 bytes", () => {
  expect(readStoreKey(keyFile(`${"0aF1".repeat(16)}\n`))).toEqual(
    new Uint8Array(Array.from({ length: 32 }, (_one, at) => (at % 2 === 0 ? 0x0a : 0xf1))),
  );
});

test.each(["abc", "g".repeat(64), "a".repeat(63), "a".repeat(65)])(
  "%j is refused with what to do, and not shown",
  (text) => {
    expect(() => readStoreKey(keyFile(text))).toThrow(/openssl rand -hex 32/);
    expect(() => readStoreKey(keyFile(text))).not.toThrow(text);
  },
);
