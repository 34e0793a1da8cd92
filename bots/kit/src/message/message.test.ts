import { inspect } from "node:util";
import { expect, test } from "@jest/globals";
import { Secret } from "../secret.ts";
import { groupDigits } from "./message.ts";

test.each([
  ["482915", "482 915"],
  ["4829150", "482 9150"],
  ["48291507", "4829 1507"],
  ["482915073", "482 915 073"],
  ["4829150736", "482 915 0736"],
])("%s is read as %s", (digits, grouped) => {
  expect(groupDigits(digits)).toBe(grouped);
});

test("in text of the other direction the groups are one number, so that they keep their order", () => {
  expect(groupDigits("482915", "rtl")).toBe("482\u00A0915");
});

test("a secret prints as its name everywhere", () => {
  const secret = new Secret("code", "482915");
  const printed = [
    String(secret),
    [secret].join(),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ secret }, { depth: 9 }),
  ];
  for (const text of printed) expect(text).not.toContain("482915");
  expect(secret.reveal()).toBe("482915");
});
