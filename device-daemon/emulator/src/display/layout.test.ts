import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { LARGEST, parseDisplaySize, SMALLEST } from "./display-size.ts";
import { filled, remaining, row, unwrap, wrap } from "./layout.ts";

// Safe text: no outer and no doubled spaces.
const safe = fc
  .array(fc.string({ unit: fc.constantFrom(..."abÄ9.|"), minLength: 1, maxLength: 50 }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((words) => words.join(" "));
const columns = fc.integer({ min: SMALLEST.columns, max: LARGEST.columns });

test("claim 07: wrapping loses and adds nothing: what is read off the rows is the text, at every width", () => {
  fc.assert(
    fc.property(safe, columns, (text, width) => {
      const rows = wrap(text, width);
      expect(rows.every((each) => [...each].length === width)).toBe(true);
      expect(unwrap(rows, width)).toBe(text);
    }),
  );
});

test("claim 07: two texts never look alike", () => {
  fc.assert(
    fc.property(safe, safe, columns, (one, other, width) => {
      fc.pre(one !== other);
      expect(wrap(one, width)).not.toEqual(wrap(other, width));
    }),
  );
});

test("claim 07: no group that fits into a row is divided, at any width", () => {
  const iban = "MT84 MALT 0110 0001 2345 MTLC AST0 01S";
  for (let width = SMALLEST.columns; width <= LARGEST.columns; width++) {
    const groups = wrap(iban, width).flatMap((each) => each.trim().split(" "));
    expect(groups).toEqual(iban.split(" "));
  }
});

test.each([
  ["DE89 3704 0044 0532 0130 00", 21, ["DE89 3704 0044 0532  ", "0130 00              "]],
  ["DE89 3704 0044 0532 0130 00", 16, ["DE89 3704 0044  ", "0532 0130 00    "]],
  ["x".repeat(22), 21, ["x".repeat(21), `x${" ".repeat(20)}`]],
  [`${"x".repeat(21)} y`, 21, ["x".repeat(21), ` y${" ".repeat(19)}`]],
  ["EUR 123 456 789.00", 16, ["EUR 123 456     ", "789.00          "]],
])("wraps %j to %i columns", (text, width, rows) => {
  expect(wrap(text, width)).toEqual(rows);
});

test("a row too narrow is a bug, not a cut", () => {
  expect(() => row(21, "x".repeat(12), "y".repeat(10))).toThrow(RangeError);
  expect(() => filled(16, 2, ["x".repeat(17)])).toThrow(RangeError);
});

test.each([
  ["16x2", { columns: 16, rows: 2 }],
  ["40x20", { columns: 40, rows: 20 }],
  ["21x6", { columns: 21, rows: 6 }],
])("%s is a display", (text, size) => {
  expect(parseDisplaySize(text)).toEqual(size);
});

test.each(["15x2", "16x1", "41x6", "21x21", "21", "21x", "x6", "021x6", "21X6", "1e1x6", "", "21x6 "])(
  "%j is none",
  (text) => {
    expect(parseDisplaySize(text)).toBeUndefined();
  },
);

test.each([
  [94_000, "1:34"],
  [93_001, "1:34"],
  [600_000, "10:00"],
  [0, "0:00"],
  [-5, "0:00"],
])("%i ms left read %s", (ms, text) => {
  expect(remaining(ms)).toBe(text);
});
