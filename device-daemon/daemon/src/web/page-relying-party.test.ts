import { expect, test } from "@jest/globals";
import { isForPage } from "./page-relying-party.ts";

test.each([
  ["https://bank.example", "bank.example", true],
  ["https://pay.bank.example", "bank.example", true],
  ["https://pay.bank.example:8443", "pay.bank.example", true],
  ["http://localhost:3000", "localhost", true],
  ["https://bank.example", "0123456789abcdef0123456789abcdef.countersign.invalid", true],
  ["https://bank.example", "evil.example", false],
  ["https://bank.example", "pay.bank.example", false],
  ["https://evilbank.example", "bank.example", false],
  ["https://bank.example", "example", false],
  ["https://bank.example", "ank.example", false],
  ["https://bank.example", ".example", false],
  ["https://bank.example", "countersign.invalid", false],
  ["https://bank.example", "x.0123456789abcdef0123456789abcdef.countersign.invalid", false],
  ["https://bank.example", "BANK.example", false],
])("a page of %s asks for %s: %p", (origin, rpId, expected) => {
  expect(isForPage(origin, rpId)).toBe(expected);
});
