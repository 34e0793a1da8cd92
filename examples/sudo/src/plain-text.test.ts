import { expect, test } from "@jest/globals";
import { oneLine, oneWord } from "./plain-text.ts";

test.each([
  ["ada", "ada"],
  ["eve\nroot", "eve<U+000A>root"],
  ["eve root", "eve<U+0020>root"],
  ["\u001B[2J\u202E", "<U+001B>[2J<U+202E>"],
  ["\u{1F511}\uD83D", "<U+1F511><U+D83D>"],
])("%j as one word is %s", (name, word) => {
  expect(oneWord(name)).toBe(word);
});

test("a line keeps its spaces", () => {
  expect(oneLine("eve through sudo\r\nconfirmed")).toBe("eve through sudo<U+000D><U+000A>confirmed");
});

test("however long each code point becomes, a word ends at 64 characters and a line at 900", () => {
  const long = "\u{10FFFF}".repeat(50_000);
  expect(oneWord(long)).toMatch(/^(?:<U\+10FFFF>){6}<\.\.\.$/);
  expect(oneLine(long)).toHaveLength(900);
});
