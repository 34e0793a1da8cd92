import { expect, test } from "@jest/globals";
import type { BotCounts } from "./bot-counts.ts";
import { countStranger } from "./question-rate.ts";

test("sixty a minute, and as many again in the next", () => {
  const start = 1_800_000_000_000;
  let counts: BotCounts | undefined;
  for (const minute of [0, 60_000]) {
    const admitted = Array.from({ length: 100 }, (_, i) => {
      const next = countStranger(counts, start + minute + i);
      counts = next ?? counts;
      return next !== undefined;
    });
    expect(admitted.filter(Boolean)).toHaveLength(60);
    expect(admitted.indexOf(false)).toBe(60);
  }
});
