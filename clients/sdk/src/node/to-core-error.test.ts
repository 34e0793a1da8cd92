import { status } from "@grpc/grpc-js";
import { expect, test } from "@jest/globals";
import { CoreError } from "../core-error.ts";
import { toCoreError } from "./to-core-error.ts";
import { fakeStatusError } from "../testing/index.ts";

test("reads reason, metadata, violations and waiting time out of the details", () => {
  const violations = [{ field: "fields[1].value", description: "U+202E bidi control" }];
  const error = toCoreError(
    fakeStatusError({
      code: status.INVALID_ARGUMENT,
      reason: "BAD_INPUT",
      metadata: { a: "b" },
      violations,
      retryAfterMs: 1500,
    }),
  );
  expect(error).toBeInstanceOf(CoreError);
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: "BAD_INPUT", violations, retryAfterMs: 1500 });
  expect([...(error as CoreError).metadata]).toEqual([["a", "b"]]);
});

test("details that cannot be read count as absent", () => {
  const error = fakeStatusError({ code: status.UNAVAILABLE });
  error.metadata.set("grpc-status-details-bin", Buffer.from([0xff, 0xff, 0xff]));
  expect(toCoreError(error)).toMatchObject({ code: status.UNAVAILABLE, reason: "" });
});

test.each([
  [{ code: status.UNAVAILABLE }, true],
  [{ code: status.UNAVAILABLE, reason: "UNAVAILABLE" }, true],
  [{ code: status.DEADLINE_EXCEEDED }, true],
  [{ code: status.UNAVAILABLE, reason: "KEY_LEFT" }, false],
  [{ code: status.ABORTED, reason: "TRY_AGAIN" }, false],
])("%o is an outage: %s", (error, outage) => {
  expect(toCoreError(fakeStatusError(error))).toMatchObject({ isOutage: outage });
});

test("what grpc-js did not throw is passed on", () => {
  const error = new RangeError("x");
  expect(toCoreError(error)).toBe(error);
});
