import { describe, expect, test } from "@jest/globals";
import { count, type BotCounts } from "./bot-counts.ts";
import { countVeto, type CountedVeto } from "./veto-rate.ts";

const MINUTE = 60_000;
const START = 1_800_000_000_000;

/** So many vetoes at one moment. */
function vetoes(many: number, now: number, before?: BotCounts): CountedVeto[] {
  const said: CountedVeto[] = [];
  for (let i = 0; i < many; i++) said.push(countVeto(said.at(-1)?.counts ?? before, now));
  return said;
}

describe("threat 25: the veto rate of a bot", () => {
  test("20 in ten minutes are normal, the 21st is not, the alarm is raised once", () => {
    const said = vetoes(23, START);
    expect(said.map(({ normal }) => normal)).toEqual([...Array<boolean>(20).fill(true), false, false, false]);
    expect(said.filter(({ alarm }) => alarm)).toHaveLength(1);
  });

  test("a busy bot may have one veto in four prompts", () => {
    const prompted = count(undefined, { prompts: 400 }, START);
    expect(vetoes(101, START + 1, prompted).findLastIndex(({ normal }) => normal)).toBe(99);
  });

  test("what is older than ten minutes counts no more", () => {
    const before = vetoes(30, START).at(-1)?.counts;
    expect(countVeto(before, START + 10 * MINUTE - 1).normal).toBe(false);
    expect(countVeto(before, START + 20 * MINUTE).normal).toBe(true);
  });

  test("while it goes on, the alarm is raised again every ten minutes", () => {
    let counts: BotCounts | undefined;
    let alarms = 0;
    for (let second = 0; second < 3600; second++) {
      const said = countVeto(counts, START + second * 1000);
      counts = said.counts;
      if (said.alarm) alarms += 1;
    }
    expect(alarms).toBe(6);
  });
});
