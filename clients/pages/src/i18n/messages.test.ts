import { expect, test } from "@jest/globals";
import { Messages } from "./messages.ts";

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
