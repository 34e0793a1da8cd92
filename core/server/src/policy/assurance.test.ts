import { expect, test } from "@jest/globals";
import { assuranceOf, ASSURANCES, isAtLeast, stricter } from "./assurance.ts";

test.each([
  ["mail", undefined, "low"],
  ["mail", "an identity proves nothing there", "low"],
  ["sms", undefined, "low"],
  ["telegram", undefined, "medium"],
  ["matrix", undefined, "medium"],
  ["matrix", "", "medium"],
  ["matrix", "A".repeat(43), "high"],
  ["sandbox", undefined, "high"],
] as const)("%s with identity %s: %s", (platform, peerIdentity, level) => {
  expect(assuranceOf({ platform, ...(peerIdentity === undefined ? {} : { peerIdentity }) })).toBe(level);
});

test("the levels rise", () => {
  for (const [i, one] of ASSURANCES.entries()) {
    for (const [j, other] of ASSURANCES.entries()) {
      expect(isAtLeast(one, other)).toBe(i >= j);
      expect(stricter(one, other)).toBe(ASSURANCES[Math.max(i, j)]);
    }
  }
});
