import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isRefusal } from "../rpc/refusal.ts";
import { mailboxOf, readAddress } from "./link-address.ts";

describe("mail", () => {
  test.each([
    ["erika@example.com", "erika@example.com"],
    ["Erika.Muster@Mail.EXAMPLE.com", "Erika.Muster@mail.example.com"],
    ["o'brien+bank@xn--mller-kva.example", "o'brien+bank@xn--mller-kva.example"],
    ["a@b.co", "a@b.co"],
    [`${"a".repeat(64)}@${"b".repeat(59)}.com`, `${"a".repeat(64)}@${"b".repeat(59)}.com`],
  ])("%s", (given, address) => {
    expect(readAddress("mail", given)).toBe(address);
  });

  test.each([
    "",
    "erika",
    "@example.com",
    "erika@",
    "erika@localhost",
    "erika@[127.0.0.1]",
    "erika@127.0.0.1",
    "a@b@example.com",
    "erika @example.com",
    "erika@example.com ",
    "erika@example..com",
    "erika@-example.com",
    "erika@example-.com",
    "erika@example.com.",
    ".erika@example.com",
    "erika.@example.com",
    "er..ika@example.com",
    "-oQ/tmp@example.com",
    '"erika"@example.com',
    "erika%evil.example@example.com",
    "evil!erika@example.com",
    "Erika <erika@example.com>",
    "erika@example.com,eve@example.com",
    "erika@example.com\r\nBcc: eve@example.com",
    "ërika@example.com",
    "erika@exämple.com",
    `${"a".repeat(65)}@example.com`,
    `${"a".repeat(64)}@${"b".repeat(60)}.com`,
    `a@${"b".repeat(64)}.com`,
  ])("%j is refused", (given) => {
    expect(readAddress("mail", given)).toMatchObject({ refused: "BAD_INPUT", violations: [{ field: "address" }] });
  });
});

describe("sms", () => {
  test.each([
    ["+491701234567", "+491701234567"],
    ["+49 170 1234567", "+491701234567"],
    ["+1-202-555-0123", "+12025550123"],
    ["+1234567", "+1234567"],
    ["+123456789012345", "+123456789012345"],
  ])("%s", (given, address) => {
    expect(readAddress("sms", given)).toBe(address);
  });

  test.each([
    "",
    "+",
    "01701234567",
    "00491701234567",
    "+0491701234567",
    "+123456",
    "+1234567890123456",
    "+49 (0)170 1234567",
    "+49  170 1234567",
    "+49170123456a",
    "+491701234567;ext=1",
    "+４９1701234567",
    "erika@example.com",
  ])("%j is refused", (given) => {
    expect(readAddress("sms", given)).toMatchObject({ refused: "BAD_INPUT", violations: [{ field: "address" }] });
  });
});

test("whatever is taken is safe to store and hand on, and reading it again changes nothing", () => {
  const text = fc.oneof(fc.string(), fc.emailAddress(), fc.stringMatching(/^\+[0-9 -]{5,20}$/));
  fc.assert(
    fc.property(text, fc.constantFrom("mail" as const, "sms" as const), (given, platform) => {
      const address = readAddress(platform, given);
      if (isRefusal(address)) return;
      expect(address).toMatch(/^[!-~]{1,128}$/);
      expect(address).not.toMatch(/[<>,;:"\\()%!]/);
      expect(readAddress(platform, address)).toBe(address);
    }),
  );
});

test("spellings of one mailbox are one", () => {
  const spellings = ["erika@example.com", "Erika@example.com", "erika+bank@example.com", "ERIKA+a+b@EXAMPLE.com"];
  expect(new Set(spellings.map((one) => mailboxOf("mail", one)))).toEqual(new Set(["erika@example.com"]));
  expect(mailboxOf("sms", "+491701234567")).toBe("+491701234567");
});
