import { CoreError, KeyError } from "@countersign/sdk/browser";
import { Status } from "nice-grpc-common";
import { CoreFailure } from "../connection/core-failure.ts";

/** What core, daemon or key said no with on the way to a key, as pages tell it; undefined: a fault of the page itself. */
export function keyFailureOf(error: unknown): CoreFailure | undefined {
  if (error instanceof KeyError) return new CoreFailure(Status.FAILED_PRECONDITION, error.reason, error.message);
  if (!(error instanceof CoreError)) return undefined;
  const { code, reason, message, violations, retryAfterMs } = error;
  return new CoreFailure(code, reason === "" && error.isOutage ? "UNREACHABLE" : reason, message, {
    ...{ violations, retryAfterMs },
  });
}
