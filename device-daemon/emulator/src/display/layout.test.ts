import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { COLUMNS, remaining, row, screen, unwrap, wrap } from "./layout.ts";

// Safe text: no outer and no doubled spaces.
const safe = fc
  .array(fc.string({ unit: fc.constantFrom(..."abÄ9.|"), minLength: 1, maxLength: 50 }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((words) => words.join(" "));

test("claim 07: wrapping loses nothing: what is read off the rows is the text", () => {
  fc.assert(
    fc.property(safe, (text) => {
      const rows = wrap(text);
      expect(rows.every((each) => [...each].length === COLUMNS)).toBe(true);
      expect(unwrap(rows)).toBe(text);
    }),
  );
});

test("claim 07: two texts never look alike", () => {
  fc.assert(
    fc.property(safe, safe, (one, other) => {
      fc.pre(one !== other);
      expect(wrap(one)).not.toEqual(wrap(other));
    }),
  );
});

test.each([
  ["DE89 3704 0044 0532 0130 00", ["DE89 3704 0044 0532  ", "0130 00              "]],
  ["x".repeat(22), ["x".repeat(21), `x${" ".repeat(20)}`]],
  [`${"x".repeat(21)} y`, ["x".repeat(21), ` y${" ".repeat(19)}`]],
])("wraps %j", (text, rows) => {
  expect(wrap(text)).toEqual(rows);
});

test("a row too narrow is a bug, not a cut", () => {
  expect(() => row("x".repeat(12), "y".repeat(10))).toThrow(RangeError);
});

test("a screen has six rows of 21 columns", () => {
  expect(screen(["PIN"], "OK").map((each) => each.length)).toEqual([21, 21, 21, 21, 21, 21]);
});

test.each([
  [94_000, "1:34"],
  [93_001, "1:34"],
  [600_000, "10:00"],
  [0, "0:00"],
  [-5, "0:00"],
])("%i ms left read %s", (ms, text) => {
  expect(remaining(ms)).toBe(text);
});
