import { join } from "node:path";
import { LANGUAGES, MessageFiles } from "@countersign/pages/testing";
import { expect, test } from "@jest/globals";

const files = new MessageFiles(join(import.meta.dirname, ".."));

test.each(LANGUAGES)("%s has the messages of English, with the same values in them", (language) => {
  expect(Object.fromEntries(files.idsOf(language))).toEqual(Object.fromEntries(files.idsOf("en")));
});

test.each(LANGUAGES)("every line of %s is a message: what cannot be read would be left out silently", (language) => {
  expect(files.unreadIn(language)).toEqual([]);
});

test("every message that pages ask for by name is there", () => {
  const known = files.idsOf("en");
  expect(files.asked().filter(({ id }) => !known.has(id))).toEqual([]);
  expect(files.asked().length).toBeGreaterThan(50);
});
