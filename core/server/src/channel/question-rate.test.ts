import { expect, test } from "@jest/globals";
import { QuestionRate } from "./question-rate.ts";

test("sixty a minute, and as many again in the next", () => {
  const rate = new QuestionRate();
  const start = 1_800_000_000_000;
  for (const minute of [0, 60_000]) {
    const admitted = Array.from({ length: 100 }, (_, i) => rate.admits(start + minute + i));
    expect(admitted.filter(Boolean)).toHaveLength(60);
    expect(admitted.indexOf(false)).toBe(60);
  }
});

test("a clock that was set back starts anew", () => {
  const rate = new QuestionRate();
  for (let i = 0; i < 100; i++) rate.admits(100_000);
  expect(rate.admits(1)).toBe(true);
});
