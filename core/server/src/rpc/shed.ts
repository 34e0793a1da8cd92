import { status } from "@grpc/grpc-js";
import { statusError, type StatusError } from "./status-error.ts";

/** Around a second, in steps: callers that were refused together do not come back together. */
const WAITS_MS = Array.from({ length: 16 }, (_, step) => 500 + 64 * step);
// Made once: under overload the answer must cost nearly nothing. Its reason is the class that clients know already.
const ANSWERS = WAITS_MS.map((retryAfterMs) =>
  statusError(status.RESOURCE_EXHAUSTED, "The core is busy. Nothing was done; ask again after the time given.", {
    reason: "BUSY",
    metadata: {},
    violations: [],
    retryAfterMs,
  }),
);
let next = 0;

/** What a call is told that was not begun. The same for everybody: nobody has looked at who calls. */
export function shedAnswer(): StatusError {
  next = (next + 1) % ANSWERS.length;
  return ANSWERS[next] as StatusError;
}
