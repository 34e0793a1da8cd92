import { Kind, kindName, Label, labelName } from "@countersign/protocol";
import { expect, test } from "@jest/globals";
import { chooseLocale, LOCALES, PSEUDO_LOCALE, Words } from "./words.ts";
import { ar } from "./ar.ts";
import { de } from "./de.ts";
import { en, type MessageId } from "./en.ts";
import { zh } from "./zh.ts";

const ids = Object.keys(en) as MessageId[];
const NUMBERS = ["tries", "count"];
const placeables = (pattern: string): string[] => [...new Set(pattern.match(/\$\w+/g))].toSorted();

test.each([
  ["de", de],
  ["zh", zh],
  ["ar", ar],
])("%s uses the values that English uses, in every text", (_locale, wording) => {
  for (const id of ids) expect([id, placeables(wording[id])]).toEqual([id, placeables(en[id])]);
});

test.each([...LOCALES, PSEUDO_LOCALE])("%s formats every text, with nothing left open", (locale) => {
  const words = Words.in(locale);
  for (const id of ids) {
    const names = placeables(en[id]).map((name) => name.slice(1));
    const numbers = Object.fromEntries(names.filter((name) => NUMBERS.includes(name)).map((name) => [name, 1]));
    const runs = Object.fromEntries(
      names
        .filter((name) => !NUMBERS.includes(name))
        .map((name) => [name, { style: "value" as const, text: `<${name}>` }]),
    );
    const row = words.row(id, runs, numbers);
    expect(row.filter(({ style }) => style === "value")).toHaveLength(Object.keys(runs).length);
    expect(row.map(({ text }) => String(text)).join("")).not.toMatch(/[{}\uE000-\uF8FF\u2066-\u2069]/u);
  }
});

test("frames hold no digits a code could be mistaken for", () => {
  for (const wording of [en, de, zh, ar]) {
    for (const id of ids) expect(wording[id].replace(/label-\d+|state-\d+/g, "")).not.toMatch(/\p{Nd}{2,}/u);
  }
});

test.each([
  ["de-AT", "de"],
  ["zh-Hant-TW", "zh"],
  ["ar_EG", "ar"],
  ["fr", "en"],
  ["", "en"],
  ["en-XA", "en-XA"],
  ["constructor", "en"],
])("%s is spoken to in %s", (wish, locale) => {
  expect(chooseLocale(wish)).toBe(locale);
});

const say = (locale: string, tries: number): string => Words.in(locale).text("wrong-code", { tries });

test("tries are counted with the right plural", () => {
  expect([say("en", 1), say("en", 2)]).toEqual(["Wrong code, 1 try left", "Wrong code, 2 tries left"]);
  expect([say("de", 1), say("de", 2)]).toEqual(["Falscher Code, noch 1 Versuch", "Falscher Code, noch 2 Versuche"]);
  expect(say("ar", 2)).toContain("2");
});

test("a value that looks like a pattern stays what it is", () => {
  const row = Words.in("en").row("phrase", { phrase: { style: "value", text: "{ $x } \uE000 { $phrase }" } });
  expect(row).toEqual([
    { style: "plain", text: "phrase: " },
    { style: "value", text: "{ $x } \uE000 { $phrase }" },
  ]);
});

test("answers to a press fit into a provider's pop-up of 200 characters", () => {
  for (const wording of [en, de, zh, ar]) {
    for (const id of ids.filter((name) => /^answer-(veto|not-linked|rate|failed|not-private)/.test(name))) {
      expect(wording[id].length).toBeLessThanOrEqual(200);
    }
  }
});

test("kinds and labels of the registry all have a name, and English is the registry's own", () => {
  for (const kind of Object.values(Kind)) expect(en[`kind-${kind}` as MessageId]).toBe(kindName(kind));
  for (const label of Object.values(Label)) expect(en[`label-${label}` as MessageId]).toBe(labelName(label));
});
