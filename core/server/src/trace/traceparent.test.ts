import { expect, test } from "@jest/globals";
import { readTraceparent } from "./traceparent.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const good = `00-${TRACE}-${SPAN}-01`;

test.each([
  [[good], 1],
  [[`00-${TRACE}-${SPAN}-00`], 0],
  [[`00-${TRACE}-${SPAN}-fe`], 0],
  [[`cc-${TRACE}-${SPAN}-01`], 1],
  [[`cc-${TRACE}-${SPAN}-01-what-comes-next`], 1],
])("%j is a parent", (values, traceFlags) => {
  expect(readTraceparent(values)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags });
});

test.each([
  [[]],
  [[good, good]],
  [[Buffer.from(good)]],
  [[""]],
  [[`ff-${TRACE}-${SPAN}-01`]],
  [[`00-${TRACE}-${SPAN}-01-more`]],
  [[`00-${TRACE}-${SPAN}-01 `]],
  [[`00-${TRACE.toUpperCase()}-${SPAN}-01`]],
  [[`00-${"0".repeat(32)}-${SPAN}-01`]],
  [[`00-${TRACE}-${"0".repeat(16)}-01`]],
  [[`00-${TRACE}-${SPAN}`]],
  [[`cc-${TRACE}-${SPAN}-01-${"x".repeat(300)}`]],
])("%j is none", (values) => {
  expect(readTraceparent(values)).toBeUndefined();
});
