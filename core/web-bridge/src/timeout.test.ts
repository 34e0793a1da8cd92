import { expect, test } from "@jest/globals";
import { readTimeout } from "./timeout.ts";

test.each([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["30S", 30_000],
  ["250m", 250],
  ["5000u", 5],
  ["1n", 1e-6],
  ["0m", 0],
  ["99999999H", 99_999_999 * 3_600_000],
  ["100000000S", undefined],
  ["", undefined],
  ["5", undefined],
  ["S", undefined],
  ["-1S", undefined],
  ["1.5S", undefined],
  ["1s", undefined],
  [" 1S", undefined],
])("grpc-timeout %j is %p ms", (text, expected) => {
  expect(readTimeout(text)).toBe(expected);
});
