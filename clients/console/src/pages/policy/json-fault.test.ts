import { expect, test } from "@jest/globals";
import { placeOfFault } from "./json-fault.ts";

test.each([
  ['{\n  "tries": 3,\n  "digits": }\n', 3, 13],
  ['{"tries": 3', 1, 12],
  ['{"tries": 3,}', 1, 13],
  ['{"tries" 3}', 1, 10],
  ["{'tries': 3}", 1, 2],
  ['{\n"modes": ["A" "B"]}', 2, 15],
  ['{"a": 1}\n{}', 2, 1],
  ['{"a": "x\ny"}', 1, 7],
  ['{"a": nul}', 1, 7],
  ["", 1, 1],
])("%j breaks at line %d, column %d", (text, line, column) => {
  expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  expect(placeOfFault(text)).toEqual({ line, column });
});

test("what is JSON is read to its end", () => {
  const text = JSON.stringify({ a: [1, -2.5e3, true, null, 'x"\\\u0001'], b: {}, c: [] }, null, 2);
  expect(placeOfFault(text)).toEqual({ line: text.split("\n").length, column: 2 });
});
