import { expect, test } from "@jest/globals";
import { readSender } from "./sender.ts";

test.each([
  ["+4915112345678", { ton: 1, npi: 1, address: "4915112345678" }],
  ["70123", { ton: 3, npi: 0, address: "70123" }],
  ["Acme Bank", { ton: 5, npi: 0, address: "Acme Bank" }],
  ["4you", { ton: 5, npi: 0, address: "4you" }],
])("%s", (text, sender) => {
  expect(readSender(text)).toEqual(sender);
});

test.each(["", "12", "123456789", "Twelve chars", "Zürich", "a\u0000b", "+0123456789"])("%j is refused", (text) => {
  expect(() => readSender(text)).toThrow("--sender");
});
