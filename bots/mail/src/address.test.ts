import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isAddress, readSender } from "./address.ts";

test.each(["erika@test.example", "e@a.bc", "max+tag@mail.test.example", "o'neil_x-y@xn--bcher-kva.example"])(
  "%s is an address",
  (address) => expect(isAddress(address)).toBe(true),
);

test.each([
  ...["", "@", "erika", "erika@", "@test.example", "erika@localhost", "erika@127.0.0.1", "erika@[127.0.0.1]"],
  ...['"e r"@test.example', "e r@test.example", "e@test.example\r\nRCPT TO:<x@y.zz>", "e@test.example\n", "<e@a.bc>"],
  ...[
    "a%other.example@test.example",
    "other!a@test.example",
    "|sh@test.example",
    "-f@test.example",
    "a..b@test.example",
  ],
  ...["erika@test..example", "erika@-test.example", "müller@test.example", "erika@tést.example", "a@b.cc,c@d.ee"],
  ...[".a@test.example", "a.@test.example", `${"a".repeat(65)}@test.example`, `a@${"b.".repeat(130)}cc`],
])("%j is none", (text) => expect(isAddress(text)).toBe(false));

const looksClean = (text: string): boolean => /^[!-~]+$/.test(text) && !/[<>,;:"()[\]\\%!|/]/.test(text);

test("nothing that is an address can end a line, a bracket or a word", () => {
  const dirty = fc.string({ unit: fc.constantFrom(..."aZ9.@-_+<>\r\n\0\t ,;:\"'()[]\\é%!|/") });
  const taken = fc.sample(fc.oneof(dirty, fc.emailAddress(), fc.string()), 5_000).filter(isAddress);
  expect(taken.length).toBeGreaterThan(0);
  expect(taken.filter((text) => !looksClean(text))).toEqual([]);
});

test("a sender is read with or without a name", () => {
  const address = "confirm@Bank.example";
  expect(readSender(`Müller Bank <${address}>`)).toEqual({ name: "Müller Bank", address, domain: "bank.example" });
  expect(readSender(` ${address} `)).toEqual({ name: "", address, domain: "bank.example" });
});

test.each([
  "",
  "Acme Bank",
  "Acme <x>",
  "A\r\nBcc: b@c.dd <a@b.cc>",
  'A "B" <a@b.cc>',
  "A <a@b.cc> B",
  "A <a@b.cc>, b@c.dd",
])("%j is no sender", (text) => expect(() => readSender(text)).toThrow("--from must be an address"));
