import { expect, test } from "@jest/globals";
import type { Commit } from "./label-sets.ts";
import { WriteWatch } from "./write-watch.ts";

test.each([
  [[], false],
  [["committed"], false],
  [["full"], true],
  [["stopped"], true],
  [["unknown"], true],
  [["full", "committed"], false],
  [["committed", "full"], true],
  [["full", "conflict"], true],
  [["conflict"], false],
  [["late"], false],
  [["refused"], false],
] as const)("after %j it fails: %p", (outcomes, fails) => {
  const watch = new WriteWatch();
  for (const outcome of outcomes as readonly Commit[]) watch.note(outcome, 1000);
  expect(watch.isFailing(1001)).toBe(fails);
});

test("a failure that nothing followed is forgotten after ten seconds, so that calls come and show", () => {
  const watch = new WriteWatch();
  watch.note("full", 1000);
  expect(watch.isFailing(10_999)).toBe(true);
  expect(watch.isFailing(11_000)).toBe(false);
});
