import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";

/** An answer that looks like the core's own refusal. */
export function forgedRefusal(reason: string): ServiceError {
  const info = ErrorInfo.encode(ErrorInfo.create({ reason, domain: "countersign" })).finish();
  const details = `${reason}: nothing was done`;
  const metadata = new Metadata();
  const any = { typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value: Buffer.from(info) };
  metadata.set(
    "grpc-status-details-bin",
    Buffer.from(Status.encode({ code: status.FAILED_PRECONDITION, message: details, details: [any] }).finish()),
  );
  return Object.assign(new Error(details), { code: status.FAILED_PRECONDITION, details, metadata });
}
