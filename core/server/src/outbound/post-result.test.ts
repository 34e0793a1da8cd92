import { expect, test } from "@jest/globals";
import { resultOfStatus } from "./post-result.ts";

test.each([
  [200, "2xx"],
  [299, "2xx"],
  [300, "3xx"],
  [399, "3xx"],
  [400, "4xx"],
  [410, "4xx"],
  [499, "4xx"],
  [500, "5xx"],
  [599, "5xx"],
  // What a receiver may write although it is no answer: its own failure, not ours.
  [0, "5xx"],
  [99, "5xx"],
  [101, "5xx"],
  [199, "5xx"],
  [600, "5xx"],
  [999, "5xx"],
])("%d is %s", (status, result) => {
  expect(resultOfStatus(status)).toBe(result);
});
