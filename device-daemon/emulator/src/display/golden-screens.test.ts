import { expect, test } from "@jest/globals";
import { kindName } from "@countersign/protocol";
import { drawAll, GOLDEN_SIZES, readAll, transactionScreens } from "../testing/golden-screens.ts";
import { KIND_SAMPLES } from "../testing/sample-contents.ts";

const drawn = drawAll();

test.each(Object.keys(drawn))("claim 07: the key's screens are those of screens/%s", (name) => {
  expect(readAll()[name]).toBe(drawn[name]);
});

test("claim 07: no golden screen is left over", () => {
  expect(Object.keys(readAll())).toEqual(Object.keys(drawn).toSorted());
});

test.each(GOLDEN_SIZES)("check 22: golden screens per kind are pairwise distinct on $columns x $rows", (size) => {
  const firsts = KIND_SAMPLES.map(({ content }) => {
    const first = transactionScreens(content, size)[0] ?? [];
    expect(first[0]).toContain(kindName(content.kind).toUpperCase());
    return first[0];
  });
  const wholes = KIND_SAMPLES.map(({ content }) => transactionScreens(content, size).flat().join("\n"));
  // The whole of it differs, and so does the verb alone: page numbers taken away, no two first rows are alike.
  expect(new Set(wholes).size).toBe(wholes.length);
  expect(new Set(firsts.map((row) => row?.replace(/^\d+\/\d+ /, "").trim())).size).toBe(firsts.length);
});
