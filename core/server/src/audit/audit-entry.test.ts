import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { fromHex, toHex } from "@countersign/protocol";
import { decodeEntry, encodeEntry, GENESIS, hashEntry } from "./audit-entry.ts";

interface Vectors {
  readonly chain: readonly { readonly text: string; readonly previous: string; readonly hash: string }[];
  readonly reject: readonly { readonly name: string; readonly text: string }[];
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/audit.json", import.meta.url), "utf8")) as Vectors;

test.each(vectors.chain)("reads, writes and hashes entry $hash", ({ text, previous, hash }) => {
  expect(encodeEntry(decodeEntry(text))).toBe(text);
  expect(toHex(hashEntry(fromHex(previous), text))).toBe(hash);
});

test.each(vectors.reject)("refuses $name", ({ text }) => {
  expect(() => decodeEntry(text)).toThrow(/audit entry|JSON/);
});

test("the hash is the one that the page describes", () => {
  const { text, hash } = vectors.chain[0]!;
  expect(createHash("sha256").update("countersign/audit-entry/v1\0").update(GENESIS).update(text).digest("hex")).toBe(
    hash,
  );
});

test("long entries after short ones and back", () => {
  for (const length of [1, 10_000, 1]) {
    const text = "漢".repeat(length);
    const expected = createHash("sha256")
      .update("countersign/audit-entry/v1\0")
      .update(GENESIS)
      .update(text)
      .digest("hex");
    expect(toHex(hashEntry(GENESIS, text))).toBe(expected);
  }
});

test("one order of detail members, whatever the order they came in", () => {
  const entry = decodeEntry(vectors.chain[0]!.text);
  const [event] = entry.events;
  const reversed = Object.fromEntries(Object.entries(event!.detail).toReversed());
  expect(encodeEntry({ ...entry, events: [{ ...event!, detail: reversed }] })).toBe(vectors.chain[0]!.text);
});
