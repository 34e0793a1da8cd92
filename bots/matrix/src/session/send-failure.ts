import { ChannelError, type FailureDetail, type Fate } from "@countersign/bot-kit";
import { HTTPError, MatrixError } from "matrix-js-sdk/lib/http-api/errors.js";
import { StoreError } from "../crypto-store/store-error.ts";
import { PlaintextRefused, type AwaitedWrite } from "./guarded-fetch.ts";

// What it names when it names nothing.
const SILENCE_MS = 5_000;

/** No connection was made: the request cannot have left. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPROTO",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/**
 * Puts what a request to the homeserver ended with into its class (docs/protocol/delivery.md). Nothing of its text
 * survives: errors of the SDK hold the address with room ids, and whole events.
 */
export function classifyFailure(error: unknown, awaited?: AwaitedWrite): ChannelError {
  const cause = awaited?.failure ?? error;
  if (cause instanceof ChannelError) return cause;
  if (cause instanceof PlaintextRefused) return failure("not-sent", "not-encrypted");
  if (cause instanceof StoreError) return failure("not-sent", "not-ready");
  if (error instanceof HTTPError) return classifyAnswer(error);
  const inFlight: Fate = awaited?.left === false ? "not-sent" : "unknown";
  const name = nameOf(cause);
  if (name === "AbortError" || name === "TimeoutError") return failure(inFlight, "timeout");
  if (name === "SyntaxError") return failure("unknown", "malformed-answer");
  const code = codeOf(cause);
  if (code !== undefined && NOT_CONNECTED.has(code)) return failure("not-sent", "connect");
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") return failure(inFlight, "timeout");
  return failure(inFlight, inFlight === "unknown" ? "reset" : "not-ready");
}

function classifyAnswer(error: HTTPError): ChannelError {
  const status = error.httpStatus;
  const code = error instanceof MatrixError ? error.errcode : undefined;
  if (status === 429) {
    return new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs: retryAfter(error) });
  }
  if (status === undefined) return failure("unknown", "malformed-answer");
  if (status >= 500) return failure("unknown", `http-${status}`);
  if (code === "M_TOO_LARGE") {
    return new ChannelError({ fate: "permanent", detail: "does-not-fit", reason: "CHANNEL_DOES_NOT_FIT" });
  }
  // Not a member any more: he left the chat, or put the bot out.
  if (code === "M_FORBIDDEN") {
    return new ChannelError({ fate: "permanent", detail: "blocked", reason: "CHANNEL_BLOCKED_BY_USER" });
  }
  if (code === "M_NOT_FOUND") return failure("permanent", "gone");
  return failure("not-sent", `http-${status}`);
}

function retryAfter(error: HTTPError): number {
  try {
    return error.getRetryAfterMs() ?? SILENCE_MS;
  } catch {
    return SILENCE_MS; // the header is no number and no date
  }
}

function failure(fate: Fate, detail: FailureDetail): ChannelError {
  return new ChannelError({ fate, detail });
}

// Errors of the platform are looked at by what they hold: they need not be of this realm's classes.
function nameOf(error: unknown): unknown {
  return (error as { name?: unknown } | undefined)?.name;
}

// `fetch` wraps the system's error once, the SDK wraps that as text alone.
function codeOf(error: unknown): string | undefined {
  let at = error as { code?: unknown; cause?: unknown } | undefined;
  for (let depth = 0; typeof at === "object" && at !== null && depth < 4; depth += 1) {
    if (typeof at.code === "string") return at.code;
    at = at.cause as typeof at;
  }
  return undefined;
}
