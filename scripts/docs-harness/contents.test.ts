// The side bar's list cannot promise a page that nobody can open.
import { expect, test } from "@jest/globals";
import { contents } from "../../docs/.vitepress/contents.ts";

test("a page that is listed and does not exist is named, with its section", () => {
  const sections = [{ text: "Start", files: ["README.md", "docs/concepts/no-such-page.md"] }];
  expect(() => contents(sections)).toThrow("lists docs/concepts/no-such-page.md under Start, but there is none");
});

test("a page that is listed twice is named, with both sections", () => {
  const sections = [
    { text: "Start", files: ["README.md"] },
    { text: "Use", files: ["README.md"] },
  ];
  expect(() => contents(sections)).toThrow("lists README.md under Use, and under Start too");
});

test("the list as it is holds", () => {
  expect(contents().flatMap(({ files }) => files).length).toBeGreaterThan(100);
});
