import { expect, test } from "@jest/globals";
import { chooseLocale, directionOf } from "./locale.ts";

test.each([
  ["de", ["ar"], "de"],
  [null, ["fr", "zh-CN", "de"], "zh"],
  [null, ["ar-EG"], "ar"],
  ["xx", ["en-GB"], "en"],
  [null, [], "en"],
  ["en-XA", ["de"], "en-XA"],
] as const)("chosen %s, the browser's %j: %s", (chosen, browsers, locale) => {
  expect(chooseLocale(chosen, browsers)).toBe(locale);
});

test("Arabic is written from right to left, and nothing else here is", () => {
  expect([directionOf("ar"), directionOf("en"), directionOf("en-XA")]).toEqual(["rtl", "ltr", "ltr"]);
});
