import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readText, textLength } from "./text-body.ts";

test.each([
  ["", ""],
  ["aGk=", "hi"],
  ["aGk=aGk=", "hihi"],
  ["aA==aGk=YWJj", "hhiabc"],
  ["aGk", undefined],
  ["aGk=a", undefined],
  ["a===", undefined],
  ["aGk_", undefined],
  ["aG k", undefined],
  ["====", undefined],
])("%j is %j", (text, expected) => {
  expect(readText(Buffer.from(text))?.toString()).toBe(expected);
});

test("every base64 is read, in as many bytes as were foretold", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString("base64");
      expect(text.length).toBe(textLength(bytes.length));
      expect(readText(Buffer.from(text))).toEqual(Buffer.from(bytes));
    }),
  );
});
