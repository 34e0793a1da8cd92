import { expect, test } from "@jest/globals";
import { numberOf, readNumber } from "./number.ts";

test.each(["+4915112345678", "+12025550123", "+2901234", "+999999999999999"])("%s is a number", (number) => {
  expect(readNumber(number)).toBe(number);
});

test.each([
  ...["4915112345678", "004915112345678", "+0151123456", "+49 151 1234", "+49-151", "+1234567890123456", "+123456"],
  ...["", "+", "+49151123456\n", "+49151123456;+491", "+４９１５１１２３４", "someone", "+49151123456x"],
])("%j is none: nothing is sent anywhere", (number) => {
  expect(() => readNumber(number)).toThrow(
    expect.objectContaining({ fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER" }),
  );
});

test.each([
  ["4915112345678", "+4915112345678"],
  ["+4915112345678", "+4915112345678"],
  ["004915112345678", "+4915112345678"],
  ["Acme", undefined],
  ["", undefined],
])("an SMSC's %j is %s", (written, number) => {
  expect(numberOf(written)).toBe(number);
});
