import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { messageFrame, readFrame, trailersFrame } from "./frame.ts";

test.each([
  ["nothing", [], "malformed"],
  ["less than a head", [0, 0, 0, 0], "malformed"],
  ["an empty message", [0, 0, 0, 0, 0], Buffer.alloc(0)],
  ["one message", [0, 0, 0, 0, 2, 7, 8], Buffer.from([7, 8])],
  ["a message that is cut short", [0, 0, 0, 0, 3, 7, 8], "malformed"],
  ["a byte behind the message", [0, 0, 0, 0, 1, 7, 8], "malformed"],
  ["two messages", [0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 1, 8], "malformed"],
  ["trailers", [0x80, 0, 0, 0, 1, 7], "malformed"],
  ["a flag nobody knows", [2, 0, 0, 0, 1, 7], "malformed"],
  ["a compressed message", [1, 0, 0, 0, 1, 7], "compressed"],
  ["as much as may be", [0, 0, 0, 0, 4, 1, 2, 3, 4], Buffer.from([1, 2, 3, 4])],
  ["more than may be", [0, 0, 0, 0, 5, 1, 2, 3, 4, 5], "too-large"],
  ["a length of 4 GB", [0, 255, 255, 255, 255, 1], "too-large"],
])("a body that is %s", (_name, bytes, expected) => {
  expect(readFrame(Buffer.from(bytes), 4)).toEqual(expected);
});

test("what is framed is read again", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(readFrame(messageFrame(bytes), bytes.length)).toEqual(Buffer.from(bytes));
    }),
  );
});

test("trailers have the flag 80", () => {
  expect([...trailersFrame("a:b\r\n")]).toEqual([0x80, 0, 0, 0, 5, ...Buffer.from("a:b\r\n")]);
});
