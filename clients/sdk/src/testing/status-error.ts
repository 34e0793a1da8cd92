import { Metadata, type ServiceError, type status } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo, RetryInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";

/** What a fake answers instead of OK, as the real ones encode it. */
export interface FakeError {
  readonly code: status;
  readonly reason?: string;
  readonly metadata?: Record<string, string>;
  readonly violations?: readonly { readonly field: string; readonly description: string }[];
  readonly retryAfterMs?: number;
}

/** The error in the form that grpc-js servers take. */
export function fakeStatusError(error: FakeError): ServiceError {
  const { code, reason = "", metadata = {}, violations = [], retryAfterMs } = error;
  const details: { typeUrl: string; value: Buffer }[] = [];
  const add = (name: string, value: Uint8Array): void => {
    details.push({ typeUrl: `type.googleapis.com/google.rpc.${name}`, value: Buffer.from(value) });
  };
  if (reason !== "") add("ErrorInfo", ErrorInfo.encode({ reason, domain: "countersign", metadata }).finish());
  if (violations.length > 0) add("BadRequest", BadRequest.encode({ fieldViolations: [...violations] }).finish());
  if (retryAfterMs !== undefined) {
    const retryDelay = { seconds: BigInt(Math.floor(retryAfterMs / 1000)), nanos: (retryAfterMs % 1000) * 1e6 };
    add("RetryInfo", RetryInfo.encode({ retryDelay }).finish());
  }
  const trailer = new Metadata();
  if (details.length > 0) {
    const packed = Status.encode(Status.create({ code, message: reason, details })).finish();
    trailer.set("grpc-status-details-bin", Buffer.from(packed));
  }
  return Object.assign(new Error(reason), { code, details: reason || "fake", metadata: trailer });
}
