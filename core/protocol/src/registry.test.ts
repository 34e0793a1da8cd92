import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isCoreKind, isKind, Kind, kindName, requiredLabels } from "./kind.ts";
import { isLabel, isReservedLabel, Label, labelName, valueTypeOf } from "./label.ts";

const proto = readFileSync(join(import.meta.dirname, "../../../proto/countersign/core/v1/content.proto"), "utf8");

/** Members of a proto enum without its prefix and its zero, with the comment above each. */
function enumOf(prefix: string): { name: string; number: number; comment: string }[] {
  const rows = proto.matchAll(new RegExp(String.raw`// (.*)\n  ${prefix}_(\w+) = (\d+);`, "g"));
  return [...rows]
    .map(([, comment = "", name = "", number]) => ({ name, number: Number(number), comment }))
    .filter(({ number }) => number !== 0);
}

test.each([
  { prefix: "KIND", registry: Kind },
  { prefix: "LABEL", registry: Label },
])("the numbers of $prefix are those of the proto", ({ prefix, registry }) => {
  expect(Object.fromEntries(enumOf(prefix).map(({ name, number }) => [name, number]))).toEqual(registry);
});

test("the types of labels are those in the proto's comments", () => {
  for (const { number, comment } of enumOf("LABEL")) {
    if (!isLabel(number)) throw new Error(`label ${number}`);
    const type = valueTypeOf(number);
    const written = comment.startsWith("text, ASCII") ? "ascii" : /^\w+/.exec(comment)?.[0];
    expect({ number, type }).toEqual({ number, type: written });
  }
});

test("kinds of the core are 32 and above, and say so in the proto", () => {
  for (const { number, comment } of enumOf("KIND")) {
    if (!isKind(number)) throw new Error(`kind ${number}`);
    expect(isCoreKind(number)).toBe(number >= 32);
    expect(comment.startsWith("Created by the core alone")).toBe(number >= 32);
  }
});

test("every number has a name of its own, in at most 12 columns", () => {
  const names = [...Object.values(Kind).map(kindName), ...Object.values(Label).map(labelName)];
  expect(names.filter((name) => name.length === 0 || name.length > 12)).toEqual([]);
  expect(new Set(Object.values(Label).map(labelName)).size).toBe(Object.values(Label).length);
});

test("channel and repeat are reserved", () => {
  expect(Object.values(Label).filter(isReservedLabel)).toEqual([Label.CHANNEL, Label.REPEAT]);
});

test("every kind requires something that it may hold", () => {
  for (const kind of Object.values(Kind)) {
    expect(requiredLabels(kind).length).toBeGreaterThan(0);
    expect(requiredLabels(kind).every((labels) => labels.length > 0)).toBe(true);
  }
});
