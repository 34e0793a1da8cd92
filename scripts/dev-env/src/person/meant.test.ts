import { expect, test } from "@jest/globals";
import { readPage } from "./key-in-hand.ts";
import { parseMeant, saysTheSame } from "./meant.ts";

const PAGES = [
  [
    "1/3 PAY     Acme Bank",
    "To                   ",
    "Pawe\u0142 Nowak          ",
    "",
    "AMBER TIGER",
    "X reject       next ▶",
  ],
  [
    "2/3 PAY     Acme Bank",
    "Unusual              ",
    "\u0142 U+0142             ",
    "",
    "AMBER TIGER",
    "X reject ◀ back next▶",
  ],
  [
    "3/3 PAY     Acme Bank",
    "Amount               ",
    "EUR 1.00             ",
    "",
    "AMBER TIGER",
    "X reject ◀ back next▶",
  ],
];

test("claim 07: what the key points out is read over; the letter itself still has to be the one that was meant", () => {
  const pages = PAGES.map(readPage);
  expect(pages.map(({ label }) => label)).toEqual(["To", "Unusual", "Amount"]);
  expect(saysTheSame(pages, parseMeant("To: Pawe\u0142 Nowak\nAmount: EUR 1.00"))).toBe(true);
  expect(saysTheSame(pages, parseMeant("To: Pawel Nowak\nAmount: EUR 1.00"))).toBe(false);
});
