import { describe, expect, test } from "@jest/globals";
import { count, countedOf, countedThisMinute, type BotCounts } from "./bot-counts.ts";

const MINUTE = 60_000;
const START = 1_800_000_000_000;

describe("what is counted of a bot", () => {
  test("adds up within a minute, in one row each", () => {
    let counts: BotCounts | undefined;
    for (let i = 0; i < 5; i++) counts = count(counts, { vetoes: 1, prompts: 2 }, START + i);
    counts = count(counts, { strangers: 3 }, START + MINUTE);
    expect(counts.minutes).toEqual([
      { at: START, prompts: 10, vetoes: 5, strangers: 0 },
      { at: START + MINUTE, prompts: 0, vetoes: 0, strangers: 3 },
    ]);
    expect(countedOf(counts, "vetoes", START + MINUTE)).toBe(5);
    expect(countedThisMinute(counts, "vetoes", START + MINUTE)).toBe(0);
  });

  test("is forgotten ten minutes after the end of its minute, and not before", () => {
    const counts = count(undefined, { vetoes: 1 }, START + MINUTE - 1);
    expect(countedOf(counts, "vetoes", START + 11 * MINUTE - 1)).toBe(1);
    expect(countedOf(counts, "vetoes", START + 11 * MINUTE)).toBe(0);
  });

  test("never grows beyond its minutes", () => {
    let counts: BotCounts | undefined;
    for (let i = 0; i < 100; i++) counts = count(counts, { prompts: 1 }, START + i * MINUTE);
    expect(counts?.minutes).toHaveLength(11);
  });

  test("of a clock that was set back counts as of now, and lapses from then on", () => {
    const ahead = count(undefined, { vetoes: 7 }, START + 365 * 24 * 60 * MINUTE);
    expect(countedOf(ahead, "vetoes", START)).toBe(7);
    const again = count(ahead, { vetoes: 1 }, START);
    expect(again.minutes).toEqual([{ at: START, prompts: 0, vetoes: 8, strangers: 0 }]);
    expect(countedOf(again, "vetoes", START + 11 * MINUTE)).toBe(0);
  });
});
