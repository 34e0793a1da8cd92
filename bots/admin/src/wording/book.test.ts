import { LOCALES, PSEUDO_LOCALE } from "@countersign/bot-kit";
import { expect, test } from "@jest/globals";
import { RULES } from "../alert/alert.ts";
import { ORDER_NAMES } from "../command/parse-order.ts";
import { ar } from "./ar.ts";
import { bookIn } from "./book.ts";
import { de } from "./de.ts";
import { en, type TextId } from "./en.ts";
import { zh } from "./zh.ts";

const ids = Object.keys(en) as TextId[];
const NUMBERS = ["count", "attached"];
const placeables = (pattern: string): string[] => [...new Set(pattern.match(/\$\w+/g))].toSorted();

test.each([
  ["de", de],
  ["zh", zh],
  ["ar", ar],
])("%s uses the values that English uses, in every text", (_locale, wording) => {
  for (const id of ids) expect([id, placeables(wording[id])]).toEqual([id, placeables(en[id])]);
});

test.each([...LOCALES, PSEUDO_LOCALE])("%s formats every text, with nothing left open", (locale) => {
  const book = bookIn(locale);
  for (const id of ids) {
    const names = placeables(en[id]).map((name) => name.slice(1));
    const numbers = Object.fromEntries(names.filter((name) => NUMBERS.includes(name)).map((name) => [name, 2]));
    const values = names.filter((name) => !NUMBERS.includes(name));
    const runs = Object.fromEntries(values.map((name) => [name, { style: "value" as const, text: `<${name}>` }]));
    const row = book.row(id, runs, numbers);
    expect(row.filter(({ style }) => style === "value")).toHaveLength(values.length);
    expect(row.map(({ text }) => String(text)).join("")).not.toMatch(/[{}\uE000-\uF8FF\u2066-\u2069]/u);
  }
});

test("nothing that is counted is left without a text", () => {
  for (const name of ORDER_NAMES) expect(en).toHaveProperty(`help-${name}`);
  for (const kind of Object.keys(RULES)) expect(en).toHaveProperty(`alert-${kind}`);
});

test("no text asks for a code, or offers to approve", () => {
  for (const id of ids) expect(en[id]).not.toMatch(/type (?:the|your) code|\/approve|\/resume/i);
});
