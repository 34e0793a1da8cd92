import { Metadata, status } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status as RpcStatus } from "@countersign/proto/google/rpc/status";

/** Why the daemon did not do what it was asked. Stable: travels as ErrorInfo.reason in domain "countersign". */
export type DeviceReason =
  | "NO_KEY"
  | "SEVERAL_KEYS"
  | "KEY_LEFT"
  | "KEY_LINK"
  | "KEY_BUSY"
  | "KEY_PERMISSION"
  | "KEY_REFUSED"
  | "NO_PROMPT"
  | "NOT_AWAITED"
  | "NOT_PAIRED"
  | "TOO_MANY_PAIRINGS"
  | "BAD_REQUEST";

const CODES: Record<DeviceReason, status> = {
  NO_KEY: status.NOT_FOUND,
  SEVERAL_KEYS: status.FAILED_PRECONDITION,
  KEY_LEFT: status.UNAVAILABLE,
  KEY_LINK: status.UNAVAILABLE,
  KEY_BUSY: status.RESOURCE_EXHAUSTED,
  KEY_PERMISSION: status.PERMISSION_DENIED,
  KEY_REFUSED: status.ABORTED,
  NO_PROMPT: status.FAILED_PRECONDITION,
  NOT_AWAITED: status.FAILED_PRECONDITION,
  NOT_PAIRED: status.PERMISSION_DENIED,
  TOO_MANY_PAIRINGS: status.RESOURCE_EXHAUSTED,
  BAD_REQUEST: status.INVALID_ARGUMENT,
};

/** What a failure says besides its reason. */
export interface FailureDetail {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Path of the refused field. */
  readonly field?: string;
  /** Where the usual code of the reason does not fit. */
  readonly code?: status;
}

/** A refusal of the daemon, in the shape that gRPC sends: code, message, `grpc-status-details-bin`. */
export class Failure extends Error {
  readonly reason: DeviceReason;
  readonly code: status;
  /** The message as gRPC sends it. */
  readonly details: string;
  readonly metadata: Metadata;

  constructor(reason: DeviceReason, message: string, detail: FailureDetail = {}) {
    super(message);
    this.name = "Failure";
    this.reason = reason;
    this.code = detail.code ?? CODES[reason];
    this.details = message;
    this.metadata = new Metadata();
    this.metadata.set("grpc-status-details-bin", Buffer.from(encodeDetails(this, detail)));
  }
}

function encodeDetails(failure: Failure, detail: FailureDetail): Uint8Array {
  const info = ErrorInfo.create({ reason: failure.reason, domain: "countersign", metadata: { ...detail.metadata } });
  const details = [any("ErrorInfo", ErrorInfo.encode(info).finish())];
  if (detail.field !== undefined) {
    const violations = [{ field: detail.field, description: failure.details }];
    details.push(any("BadRequest", BadRequest.encode(BadRequest.create({ fieldViolations: violations })).finish()));
  }
  return RpcStatus.encode(RpcStatus.create({ code: failure.code, message: failure.details, details })).finish();
}

function any(type: string, value: Uint8Array): { typeUrl: string; value: Buffer } {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(value) };
}
