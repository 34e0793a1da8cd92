import { status } from "@grpc/grpc-js";
import { statusError, type StatusError } from "./status-error.ts";

/** So finely times are told: finer than a caller can tell. */
const STEP_MS = 50;
// Each made once: under overload the answer must cost nearly nothing.
const answers = new Map<number, StatusError>();

/** What a call is told that was not begun, and when to ask again. Nobody has looked at who calls. */
export function shedAnswer(waitMs: number): StatusError {
  const retryAfterMs = STEP_MS * Math.ceil(waitMs / STEP_MS);
  const known = answers.get(retryAfterMs);
  if (known !== undefined) return known;
  // Its reason is the class that clients know already.
  const made = statusError(
    status.RESOURCE_EXHAUSTED,
    "The core is busy. Nothing was done; ask again after the time given.",
    { reason: "BUSY", metadata: {}, violations: [], retryAfterMs },
  );
  answers.set(retryAfterMs, made);
  return made;
}
