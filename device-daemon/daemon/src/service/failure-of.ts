import { status } from "@grpc/grpc-js";
import { FramingError, statusName, WireError } from "@countersign/key-protocol";
import { FidoRefusal } from "../fido/fido-refusal.ts";
import { LinkError } from "../hid/link-error.ts";
import { KeyRefusal } from "../key/key-refusal.ts";
import { PromptError } from "../prompt/prompt.ts";
import { QueueFullError } from "../key/work-queue.ts";
import { Failure } from "./failure.ts";

/** The one place where what went wrong becomes what the client is told. Undefined: a bug, told as INTERNAL without words. */
export function failureOf(cause: unknown): Failure | undefined {
  if (cause instanceof Failure) return cause;
  if (cause instanceof KeyRefusal) return ofRefusal(cause);
  if (cause instanceof FidoRefusal) return new Failure("KEY_REFUSED", cause.message, { metadata: cause.metadata() });
  if (cause instanceof PromptError) return new Failure("NO_PROMPT", cause.message);
  if (cause instanceof LinkError) return ofLink(cause);
  if (cause instanceof QueueFullError) return new Failure("KEY_BUSY", cause.message);
  if (cause instanceof WireError || cause instanceof FramingError) return new Failure("BAD_REQUEST", cause.message);
  return undefined;
}

function ofRefusal(refusal: KeyRefusal): Failure {
  const { refused } = refusal;
  const metadata: Record<string, string> = { status: statusName(refused.status) ?? "UNKNOWN" };
  if ("retries" in refused) metadata["retries"] = String(refused.retries);
  if ("rule" in refused) {
    metadata["field"] = refused.field;
    metadata["rule"] = refused.rule;
    if (refused.codePoint !== undefined) metadata["code_point"] = hex(refused.codePoint);
  }
  return new Failure("KEY_REFUSED", refusal.message, { metadata });
}

function ofLink(error: LinkError): Failure {
  switch (error.fault) {
    case "left":
      return new Failure(
        "KEY_LEFT",
        "the key has left: nothing was signed, or it was and is lost; plug it in and start anew",
      );
    case "garbled":
      return new Failure("KEY_LINK", `${error.message}; what the key did is unknown: start anew`);
    case "busy":
      return new Failure("KEY_BUSY", `${error.message}; close it and try again`, { code: status.UNAVAILABLE });
    case "permission":
      return new Failure("KEY_PERMISSION", error.message);
  }
}

function hex(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}
