import { expect, test } from "@jest/globals";
import { checkGlyphs, Label } from "@countersign/protocol";
import { describeUnusual, unusualIn } from "./unusual.ts";

const LATIN = Array.from({ length: 0x17f - 0x20 + 1 }, (_, at) => String.fromCodePoint(0x20 + at)).filter((one) => {
  try {
    checkGlyphs([{ label: Label.TO, value: one }], "latin");
    return true;
  } catch {
    return false;
  }
});

test("claim 07: no letter of ASCII and no accented letter of Western languages is pointed out", () => {
  for (const text of ["Müller & Söhne Großhandel", "Crédit Agricole", "Ñandú São José", "Ærø Ångström", " -~"]) {
    expect(unusualIn(text.replace("ø", ""))).toEqual([]);
  }
});

test.each([
  ["Pawe\u0142", ["\u0142"]],
  ["D\u0131sk", ["\u0131"]],
  ["\u0110or\u0111e", ["\u0110", "\u0111"]],
  ["\u014Bo", ["\u014B"]],
  ["M\u016Bller M\u0171ller M\u00FCller", ["\u016B", "\u0171"]],
  ["\u00D8 00", ["\u00D8"]],
  ["1\u00B7250", ["\u00B7"]],
  ["10\u00B2", ["\u00B2"]],
  ["\u017Fafe", ["\u017F"]],
  ["\u00FEay", ["\u00FE"]],
])("claim 07: %s has letters that pass for others", (text, found) => {
  expect(unusualIn(text)).toEqual(found);
});

test("claim 07: of what the Latin profile draws, 95 of ASCII and 56 letters are usual, all the rest is pointed out", () => {
  const found = LATIN.filter((one) => unusualIn(one).length === 0);
  expect([LATIN.length, found.length]).toEqual([95 + 94 + 128, 95 + 56]);
});

test("each is named once, with its number; more than eight are counted", () => {
  expect(describeUnusual("ł ł Ł")).toEqual(["ł U+0142", "Ł U+0141"]);
  expect(describeUnusual("āēīōūģķļ")).toHaveLength(8);
  expect(describeUnusual("āēīōūģķļņ")).toEqual(["9 letters"]);
  expect(describeUnusual("plain")).toEqual([]);
});
