import { ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";
import { Metadata } from "@grpc/grpc-js";
import { CoreRefusal } from "./core-port.ts";

const INFO = "type.googleapis.com/google.rpc.ErrorInfo";

/** What grpc-js throws, as the reason that the core named. Nothing of its text is kept: it is shown in a chat. */
export function refusalOf(error: unknown): CoreRefusal {
  const metadata = error instanceof Error && "metadata" in error ? error.metadata : undefined;
  const [raw] = metadata instanceof Metadata ? metadata.get("grpc-status-details-bin") : [];
  if (!(raw instanceof Uint8Array)) return new CoreRefusal("");
  try {
    const info = Status.decode(raw).details.find(({ typeUrl }) => typeUrl === INFO);
    const { reason } = ErrorInfo.decode(info?.value ?? new Uint8Array());
    return new CoreRefusal(/^[A-Z_]{1,64}$/.test(reason) ? reason : "");
  } catch {
    return new CoreRefusal("");
  }
}
