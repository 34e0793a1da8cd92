import { expect, test } from "@jest/globals";
import { sha256 } from "#platform";
import { toHex, utf8 } from "./bytes.ts";
import { TAG_WORDS } from "./tag-words.ts";

test("there are 2048 words of 3 to 8 capital letters, sorted, each once", () => {
  expect(TAG_WORDS.length).toBe(2048);
  expect(TAG_WORDS.filter((word) => !/^[A-Z]{3,8}$/.test(word))).toEqual([]);
  expect(TAG_WORDS).toEqual([...new Set(TAG_WORDS)].toSorted());
});

test("the list is frozen", () => {
  expect(toHex(sha256(utf8(TAG_WORDS.join(" "))))).toBe(
    "9202886940be55bb5e42119e39866155fc77663cc19889a5c6ae6aa4a805abd8",
  );
});

test("no word is an instruction", () => {
  const instructions = [
    "ACCEPT",
    "APPROVE",
    "CANCEL",
    "CONFIRM",
    "DENY",
    "PAY",
    "REJECT",
    "SAFE",
    "SEND",
    "SIGN",
    "TRUST",
    "YES",
  ];
  expect(TAG_WORDS.filter((word) => instructions.includes(word))).toEqual([]);
});
