import { expect, test } from "@jest/globals";
import { isLatinLookalike, latinOf } from "./latin-lookalike.ts";
import { checkSafeText } from "./safe-text.ts";

const table = Array.from({ length: 0xffff }, (_, codePoint) => codePoint).filter(isLatinLookalike);

test("the table holds letters of Cyrillic, Greek and Armenian, each beside one Latin letter or digit", () => {
  expect(table.length).toBe(99);
  const wrong = table.filter((codePoint) => {
    const letter = String.fromCodePoint(codePoint);
    const isOther =
      /^[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]$/u.test(letter) && /^\p{L}$/u.test(letter);
    return !isOther || !/^[A-Za-z\d]$/.test(latinOf(codePoint) ?? "");
  });
  expect(wrong).toEqual([]);
});

test("every look-alike alone is refused where policy says Latin, and passes elsewhere", () => {
  for (const codePoint of table) {
    const word = String.fromCodePoint(codePoint);
    const refused = { rule: "latin-lookalike", codePoint };
    expect(() => checkSafeText(word, { refuseLatinLookalikes: true })).toThrow(expect.objectContaining(refused));
    expect(() => checkSafeText(word)).not.toThrow();
  }
});

test("one letter that is no look-alike saves the word", () => {
  expect(() =>
    checkSafeText("\u043c\u0430\u0440\u0442 \u0436\u0430\u0440", { refuseLatinLookalikes: true }),
  ).not.toThrow();
});
