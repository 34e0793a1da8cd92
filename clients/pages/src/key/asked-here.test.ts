import { expect, test } from "@jest/globals";
import { isAskedHere } from "./asked-here.ts";

test.each([
  ["example.com", "example.com", true],
  ["example.com", "admin.example.com", true],
  ["example.com", "notexample.com", false],
  ["admin.example.com", "example.com", false],
  ["0a.countersign.invalid", "localhost", false],
] as const)("credentials of %s on a page of %s: %s", (rpId, hostname, asked) => {
  expect(isAskedHere({ rpId }, hostname)).toBe(asked);
});

test("without credentials the browser is not asked", () => {
  expect(isAskedHere(undefined, "localhost")).toBe(false);
});
