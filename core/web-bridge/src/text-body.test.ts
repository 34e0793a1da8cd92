import vm from "node:vm";
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

const longWithWrongEnd = (): Buffer | undefined => readText(Buffer.from(`${"AAAA".repeat(20_000)}A=AA`));

test("threat 20: a long body with a wrong end is refused at once, not after trying all ways to read it", () => {
  expect(vm.runInNewContext("read()", { read: longWithWrongEnd }, { timeout: 60_000 })).toBeUndefined();
});
