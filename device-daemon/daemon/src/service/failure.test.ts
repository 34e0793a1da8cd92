import { describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { FramingError, Status, WireError } from "@countersign/key-protocol";
import { BadRequest, ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status as RpcStatus } from "@countersign/proto/google/rpc/status";
import { LinkError } from "../hid/link-error.ts";
import { KeyRefusal } from "../key/key-refusal.ts";
import { QueueFullError } from "../key/work-queue.ts";
import { Failure } from "./failure.ts";
import { failureOf } from "./failure-of.ts";

function detailsOf(failure: Failure): RpcStatus {
  const [packed] = failure.metadata.get("grpc-status-details-bin");
  return RpcStatus.decode(packed as Buffer);
}

function infoOf(failure: Failure): ErrorInfo {
  const [first] = detailsOf(failure).details;
  return ErrorInfo.decode(first?.value ?? new Uint8Array(0));
}

function codeOf(fault: LinkError["fault"]): number | undefined {
  return failureOf(new LinkError(fault, "x"))?.code;
}

describe("what the client is told", () => {
  test("D9, D10, D14: busy and gone are UNAVAILABLE, closed to this user is PERMISSION_DENIED", () => {
    expect([codeOf("busy"), codeOf("left"), codeOf("garbled")]).toEqual(Array(3).fill(status.UNAVAILABLE));
    expect(codeOf("permission")).toBe(status.PERMISSION_DENIED);
  });

  test.each([
    [new LinkError("left", "x"), status.UNAVAILABLE, "KEY_LEFT"],
    [new LinkError("garbled", "x"), status.UNAVAILABLE, "KEY_LINK"],
    [new LinkError("busy", "x"), status.UNAVAILABLE, "KEY_BUSY"],
    [new LinkError("permission", "x"), status.PERMISSION_DENIED, "KEY_PERMISSION"],
    [new QueueFullError(), status.RESOURCE_EXHAUSTED, "KEY_BUSY"],
    [new KeyRefusal({ status: Status.USER_DENIED }), status.ABORTED, "KEY_REFUSED"],
    [new WireError(Status.TOO_LONG, "x"), status.INVALID_ARGUMENT, "BAD_REQUEST"],
    [new FramingError("too-long", "x"), status.INVALID_ARGUMENT, "BAD_REQUEST"],
  ] as const)("%s", (cause, code, reason) => {
    const failure = failureOf(cause) as Failure;
    expect([failure.code, failure.reason]).toEqual([code, reason]);
    expect(detailsOf(failure)).toMatchObject({ code, message: failure.details });
    expect(infoOf(failure)).toMatchObject({ reason, domain: "countersign" });
  });

  test("a refusal carries the key's status and what it says about it", () => {
    const blocked = failureOf(new KeyRefusal({ status: Status.PIN_BLOCKED, retries: 0 })) as Failure;
    expect(infoOf(blocked).metadata).toEqual({ status: "PIN_BLOCKED", retries: "0" });
    const refused = {
      status: Status.UNRENDERABLE,
      field: "lines[1]",
      codePoint: 0x43e,
      rule: "mixed-scripts",
    } as const;
    expect(infoOf(failureOf(new KeyRefusal(refused)) as Failure).metadata).toEqual({
      status: "UNRENDERABLE",
      field: "lines[1]",
      code_point: "U+043E",
      rule: "mixed-scripts",
    });
  });

  test("a refused field is named in a BadRequest", () => {
    const [, second] = detailsOf(new Failure("BAD_REQUEST", "too short", { field: "nonce" })).details;
    expect(BadRequest.decode(second?.value ?? new Uint8Array(0)).fieldViolations).toEqual([
      { field: "nonce", description: "too short" },
    ]);
  });

  test("a bug is nobody's business: no words of it leave", () => {
    expect(failureOf(new TypeError("undefined is not a function"))).toBeUndefined();
  });
});
