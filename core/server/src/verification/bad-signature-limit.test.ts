import { expect, test } from "@jest/globals";
import { badSignatureWait, countBadSignature, type BadSignatures } from "./bad-signature-limit.ts";

function counted(many: number, now: number): BadSignatures | undefined {
  let all: BadSignatures | undefined;
  for (let i = 0; i < many; i++) all = countBadSignature(all, now);
  return all;
}

test.each([
  [0, 1000, undefined],
  [29, 1000, undefined],
  [30, 1000, 60_000],
  [30, 60_999, 1],
  [30, 61_000, undefined],
  [1000, 1001, 59_999],
])("after %d at 1000, the wait at %d is %p", (many, now, wait) => {
  expect(badSignatureWait(counted(many, 1000), now)).toBe(wait);
});

test("the next minute begins with the first after it", () => {
  expect(countBadSignature(counted(30, 1000), 61_000)).toEqual({ since: 61_000, count: 1 });
});

test("a clock that was set back keeps nobody out for longer", () => {
  expect(badSignatureWait(counted(30, 1_000_000), 1000)).toBeUndefined();
});
