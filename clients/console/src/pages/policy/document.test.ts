import { expect, test } from "@jest/globals";
import { differences, documentText, merged, parseDocument, valueText } from "./document.ts";

test("what is no JSON is named by line and column", () => {
  expect(parseDocument('{\n  "tries": 3,\n  "digits": }\n')).toEqual({ ok: false, why: "syntax", line: 3, column: 13 });
  expect(parseDocument('{"tries": 3').ok).toBe(false);
  expect(parseDocument("[1]")).toEqual({ ok: false, why: "no-object" });
  expect(parseDocument('{"tries": 3}')).toEqual({ ok: true, members: { tries: 3 } });
});

test("members that differ, whatever the order of what is in them", () => {
  const one = { tries: 3, modes: ["A", "B"], adminApprovals: { low: 1, high: 2 } };
  const other = { modes: ["B", "A"], adminApprovals: { high: 2, low: 1 }, digits: 8 };
  expect(differences(one, other)).toEqual([
    { name: "digits", before: undefined, after: 8 },
    { name: "modes", before: ["A", "B"], after: ["B", "A"] },
    { name: "tries", before: 3, after: undefined },
  ]);
});

test("of two admins' changes each is kept where the other changed nothing; where both did, theirs", () => {
  const base = { tries: 3, digits: 6, resends: 3 };
  const theirs = { tries: 2, digits: 6, resends: 1 };
  const mine = { tries: 1, digits: 8, resends: 3 };
  expect(merged(base, theirs, mine)).toEqual({ tries: 2, digits: 8, resends: 1 });
  expect(merged(base, theirs, { tries: 3, resends: 3 })).toEqual({ tries: 2, resends: 1 });
});

test("values in one line", () => {
  expect(["B", { high: 2, low: 1 }, 3, ["A", "C"], [], [{ a: 1 }]].map(valueText)).toEqual([
    "B",
    "high: 2, low: 1",
    "3",
    "A, C",
    "",
    '[{"a":1}]',
  ]);
  expect(documentText('{"tries":3}')).toBe('{\n  "tries": 3\n}\n');
});
