import { describe, expect, test } from "@jest/globals";
import { VetoRate } from "./veto-rate.ts";

const MINUTE = 60_000;

describe("threat 25: the veto rate of a bot", () => {
  test("20 in ten minutes are normal, the 21st is not, the alarm is raised once", () => {
    const rate = new VetoRate();
    const said = Array.from({ length: 23 }, (_, i) => rate.vetoed(i));
    expect(said.map(({ normal }) => normal)).toEqual([...Array<boolean>(20).fill(true), false, false, false]);
    expect(said.filter(({ alarm }) => alarm)).toHaveLength(1);
  });

  test("a busy bot may have one veto in four prompts", () => {
    const rate = new VetoRate();
    for (let i = 0; i < 400; i++) rate.prompted(0);
    const said = Array.from({ length: 101 }, () => rate.vetoed(1).normal);
    expect(said.lastIndexOf(true)).toBe(99);
  });

  test("what is older than ten minutes counts no more", () => {
    const rate = new VetoRate();
    for (let i = 0; i < 30; i++) rate.vetoed(0);
    expect(rate.vetoed(10 * MINUTE - 1).normal).toBe(false);
    expect(rate.vetoed(20 * MINUTE).normal).toBe(true);
    for (let i = 0; i < 30; i++) rate.vetoed(20 * MINUTE);
    expect(rate.vetoed(20 * MINUTE).alarm).toBe(false);
  });
});
