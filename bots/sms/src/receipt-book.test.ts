import { expect, test } from "@jest/globals";
import { ReceiptBook, receiptOf } from "./receipt-book.ts";
import { formsOfId } from "./smpp/delivery-report.ts";

const [TO, OTHER] = ["+4915112345678", "+12025550123"];

test("a message of two parts is on the phone when both are", () => {
  const book = new ReceiptBook();
  book.keep("1,2", TO, ["1", "2"]);
  expect(book.settle("2", true)).toBeUndefined();
  expect(book.settle("2", true)).toBeUndefined();
  expect(book.settle("1", true)).toEqual(receiptOf("1,2", TO, true));
});

test("one part that never arrives is enough", () => {
  const book = new ReceiptBook();
  book.keep("1,2", TO, ["1", "2"]);
  expect(book.settle("1", true)).toBeUndefined();
  expect(book.settle("2", false)).toEqual(receiptOf("1,2", TO, false));
});

test("the same word twice is the same event; another word is another", () => {
  const ids = [
    receiptOf("1", TO, true),
    receiptOf("1", TO, false),
    receiptOf("1", OTHER, true),
    receiptOf("2", TO, true),
  ];
  expect(new Set(ids.map(({ eventId }) => eventId)).size).toBe(4);
  expect(receiptOf("1", TO, true).eventId).toBe(ids[0]?.eventId);
});

test.each([
  ["1A2B", "6699"],
  ["6699", "1A2B"],
  ["0000006699", "6699"],
  ["1a2b", "1A2B"],
  ["00001A2B", "6699"],
  ["msg-1", "msg-1"],
])("an id %s of the answer is found as %s of the receipt, for the same phone alone", (answered, reported) => {
  const book = new ReceiptBook(formsOfId);
  book.keep(answered, TO, [answered]);
  expect(book.find(reported, TO)).toBe(answered);
  expect(book.find(reported, OTHER)).toBe(answered === reported ? answered : undefined);
});

test("an id as written goes before another spelling of a different one", () => {
  const book = new ReceiptBook(formsOfId);
  book.keep("10", TO, ["10"]);
  book.keep("16", TO, ["16"]);
  expect(book.find("10", TO)).toBe("10");
  expect(book.find("16", TO)).toBe("16");
});
