import { expect, test } from "@jest/globals";
import { CLOCKS_MS, isStill } from "./still.ts";

test.each([
  [0, false],
  [1000, false],
  [1001, true],
  [1060, true],
  [1060 + CLOCKS_MS, true], // of a core whose clock is ahead
  [1061 + CLOCKS_MS, false],
])("at 1000 what holds for 60 at most, until %d, holds: %s", (until, holds) => {
  expect(isStill(until, 1000, 60)).toBe(holds);
});
