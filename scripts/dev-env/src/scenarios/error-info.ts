import type { ServiceError } from "@grpc/grpc-js";
import { ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";

/** Reason of a refused call, as `ErrorInfo` names it; a call that succeeds has "OK". */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (error) {
    const [details] = (error as ServiceError).metadata.get("grpc-status-details-bin");
    const info = Status.decode(details as Buffer).details.find(({ typeUrl }) => typeUrl.endsWith("ErrorInfo"));
    return ErrorInfo.decode(info?.value ?? new Uint8Array(0)).reason;
  }
}
