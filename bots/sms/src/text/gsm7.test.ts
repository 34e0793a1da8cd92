import { expect, test } from "@jest/globals";
import { readSeptets, septetsOf } from "./gsm7.ts";

const EVERY = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code));

test("127 characters take one septet, 10 take two: nothing else is in the alphabet", () => {
  const lengths = EVERY.map((character) => septetsOf(character)?.length ?? 0);
  expect(lengths.filter((length) => length === 1)).toHaveLength(127);
  expect(lengths.filter((length) => length === 2)).toHaveLength(10);
});

test.each([
  ["@", [0]],
  ["$", [2]],
  ["_", [0x11]],
  ["Δ", [0x10]],
  ["A", [0x41]],
  ["§", [0x5f]],
  ["à", [0x7f]],
  ["€", [0x1b, 0x65]],
  ["[", [0x1b, 0x3c]],
  ["|", [0x1b, 0x40]],
])("%s", (character, septets) => {
  expect([...(septetsOf(character) ?? [])]).toEqual(septets);
});

test("every character is read back", () => {
  const known = EVERY.filter((character) => septetsOf(character) !== undefined);
  const septets = known.flatMap((character) => [...(septetsOf(character) ?? [])]);
  expect(readSeptets(Uint8Array.from(septets))).toBe(known.join(""));
});

test.each([[[0x80]], [[0x1b]], [[0x1b, 0x41]], [[0x1b, 0x1b]]])("%j is no text", (septets) => {
  expect(() => readSeptets(Uint8Array.from(septets))).toThrow(TypeError);
});
