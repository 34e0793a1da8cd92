import { BadRequest, ErrorInfo, RetryInfo } from "@countersign/proto/web-google/rpc/error_details";
import { Status } from "@countersign/proto/web-google/rpc/status";
import { expect, test } from "@jest/globals";
import { ClientError, Status as Code } from "nice-grpc-common";
import { readFailure } from "./read-failure.ts";

const any = (name: string, value: Uint8Array) => ({ typeUrl: `type.googleapis.com/google.rpc.${name}`, value });
const refused = (code: Code, details = "the core's words"): ClientError => new ClientError("/p", code, details);

test("what the core says beside its status is read: reason, refused members, how long to wait", () => {
  const details = [
    any("ErrorInfo", ErrorInfo.encode(ErrorInfo.create({ reason: "BAD_INPUT", domain: "countersign" })).finish()),
    any(
      "BadRequest",
      BadRequest.encode(
        BadRequest.create({ fieldViolations: [{ field: "phrase", description: "too long" }] }),
      ).finish(),
    ),
    any("RetryInfo", RetryInfo.encode(RetryInfo.create({ retryDelay: { seconds: 3n, nanos: 500_000_001 } })).finish()),
    any("Unknown", new Uint8Array([1, 2])),
  ];
  const raw = Status.encode(Status.create({ code: 3, details })).finish();
  expect(readFailure(refused(Code.INVALID_ARGUMENT), raw)).toMatchObject({
    ...{ code: Code.INVALID_ARGUMENT, reason: "BAD_INPUT", message: "the core's words", retryAfterMs: 3_501 },
    violations: [{ field: "phrase", description: "too long" }],
  });
});

test("another domain's reason is none, and bytes that make no sense count as absent", () => {
  const info = ErrorInfo.encode(ErrorInfo.create({ reason: "X", domain: "elsewhere" })).finish();
  const raw = Status.encode(Status.create({ details: [any("ErrorInfo", info)] })).finish();
  expect(readFailure(refused(Code.NOT_FOUND), raw)).toMatchObject({ code: Code.NOT_FOUND, reason: "" });
  expect(readFailure(refused(Code.NOT_FOUND), new Uint8Array([255, 255]))).toMatchObject({ reason: "" });
});

test("nobody answered: without a connection, and where something else answers in the core's place", () => {
  expect(readFailure(new TypeError("Failed to fetch"), undefined)).toMatchObject({ reason: "UNREACHABLE" });
  for (const code of [Code.UNAVAILABLE, Code.UNKNOWN, Code.INTERNAL]) {
    expect(readFailure(refused(code), undefined)).toMatchObject({ reason: "UNREACHABLE" });
  }
  expect(readFailure(refused(Code.UNAUTHENTICATED), undefined)).toMatchObject({ reason: "" });
});

test("what is no answer is passed on", () => {
  const bug = new Error("a bug");
  expect(readFailure(bug, undefined)).toBe(bug);
});
