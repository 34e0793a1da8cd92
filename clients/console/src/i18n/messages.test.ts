import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FluentResource } from "@fluent/bundle";
import { expect, test } from "@jest/globals";
import { Messages } from "./messages.ts";

const SOURCES = join(import.meta.dirname, "..");
const LANGUAGES = ["en", "de", "zh", "ar"] as const;

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });

function sourcesOf(language: string): string[] {
  return files
    .filter((name) => name.endsWith(`.${language}.ftl`))
    .map((name) => readFileSync(join(SOURCES, name), "utf8"));
}

/** Ids, with the places for values that each message has. */
function idsOf(language: string): Map<string, string> {
  const ids = new Map<string, string>();
  for (const source of sourcesOf(language)) {
    for (const { id, value } of new FluentResource(source).body) {
      if (ids.has(id)) throw new Error(`${language}: ${id} is there twice`);
      const places = [...JSON.stringify(value).matchAll(/"type":"var","name":"(\w+)"/g)].map(([, name = ""]) => name);
      ids.set(id, [...new Set(places)].toSorted().join());
    }
  }
  return ids;
}

test.each(LANGUAGES)("%s has the messages of English, with the same values in them", (language) => {
  expect(Object.fromEntries(idsOf(language))).toEqual(Object.fromEntries(idsOf("en")));
});

test.each(LANGUAGES)("every line of %s is a message: what cannot be read would be left out silently", (language) => {
  for (const source of sourcesOf(language)) {
    const begun = source.split("\n").filter((line) => /^[a-zA-Z]/.test(line)).length;
    expect(new FluentResource(source).body).toHaveLength(begun);
  }
});

test("every message that pages ask for by name is there", () => {
  const known = idsOf("en");
  const asked = files
    .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test."))
    .flatMap((name) => {
      const text = readFileSync(join(SOURCES, name), "utf8");
      return [...text.matchAll(/\bt\("([^"]+)"/g)].map(([, id = ""]) => `${id} (${name})`);
    });
  expect(asked.filter((each) => !known.has(each.split(" ")[0] ?? ""))).toEqual([]);
  expect(asked.length).toBeGreaterThan(50);
});

test("a value is isolated from the direction around it; what is missing is its id", () => {
  const messages = new Messages("ar", ["hello = مرحبا { $name }"]);
  expect(messages.say("hello", { name: "anna" })).toBe("مرحبا \u2068anna\u2069");
  expect(messages.say("nothing")).toBe("nothing");
  expect(messages.find("nothing")).toBeUndefined();
});

test("the pseudo-locale changes every letter of ours, and none of a value", () => {
  const said = new Messages("en-XA", ["hello = Hello { $name }"]).say("hello", { name: "anna" });
  expect(said).toContain("anna");
  expect(said).not.toContain("Hello");
});
