import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromHex, toHex } from "@countersign/protocol";
import { decodeEntry, encodeEntry, GENESIS, hashEntry, type EntryContent } from "./audit-entry.ts";

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

const anyText = fc.string({ unit: "binary" });
const value = fc.oneof(anyText, fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const anyEvent = fc.record({
  event: anyText,
  tenant: anyText,
  actor: anyText,
  subject: anyText,
  detail: fc.dictionary(anyText, value, { noNullPrototype: true }),
});
const anyEntry = fc.record({
  ...{ shard: fc.nat(1023), epoch: fc.nat(), seq: fc.nat(), at: fc.maxSafeNat(), changeId: anyText },
  events: fc.array(anyEvent, { maxLength: 3 }),
  versions: fc.array(fc.tuple(anyText, anyText, anyText, anyText), { maxLength: 3 }),
});

test("the text is JSON with sorted members, for whatever stands in an entry", () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      const { changeId, versions, ...rest } = entry;
      expect(encodeEntry(entry as EntryContent)).toBe(
        sortedJson({ ...rest, change: changeId, v: 1, writes: versions }),
      );
    }),
  );
});

function sortedJson(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(sortedJson).join()}]`;
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  const names = Object.keys(json).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${sortedJson((json as Record<string, unknown>)[name])}`).join()}}`;
}
