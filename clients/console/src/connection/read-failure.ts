import { BadRequest, ErrorInfo, RetryInfo } from "@countersign/proto/web-google/rpc/error_details";
import { Status } from "@countersign/proto/web-google/rpc/status";
import { ClientError, Status as Code } from "nice-grpc-common";
import { CoreFailure, type FailureDetail } from "./core-failure.ts";

const DOMAIN = "countersign";
const TYPE = "type.googleapis.com/google.rpc.";

interface Read extends FailureDetail {
  readonly reason?: string;
}

/** A call's error as a CoreFailure; `raw` is what travelled as grpc-status-details-bin. What is no answer is passed on. */
export function readFailure(error: unknown, raw: Uint8Array | undefined): unknown {
  if (!(error instanceof ClientError)) return isNoAnswer(error) ? unreachable() : error;
  const { reason = "", ...detail } = raw === undefined ? {} : detailOf(raw);
  // A proxy's 502, or a listener that is gone: no word of the core's.
  if (reason === "" && NOBODY.includes(error.code)) return unreachable();
  return new CoreFailure(error.code, reason, error.details, detail);
}

/** Codes that a call ends with when nobody answers it as a core would. */
const NOBODY: readonly Code[] = [Code.UNAVAILABLE, Code.UNKNOWN, Code.INTERNAL];

// `fetch` rejects with a TypeError where there is no connection.
function isNoAnswer(error: unknown): boolean {
  return error instanceof TypeError;
}

function unreachable(): CoreFailure {
  return new CoreFailure(Code.UNAVAILABLE, "UNREACHABLE", "nobody answered");
}

/** Whatever cannot be read counts as absent. */
function detailOf(raw: Uint8Array): Read {
  let found: Read = {};
  try {
    for (const { typeUrl, value } of Status.decode(raw).details) found = { ...found, ...readDetail(typeUrl, value) };
  } catch {
    return {};
  }
  return found;
}

function readDetail(typeUrl: string, value: Uint8Array): Read {
  switch (typeUrl) {
    case `${TYPE}ErrorInfo`: {
      const { domain, reason } = ErrorInfo.decode(value);
      return domain === DOMAIN ? { reason } : {};
    }
    case `${TYPE}BadRequest`:
      return { violations: BadRequest.decode(value).fieldViolations };
    case `${TYPE}RetryInfo`: {
      const { retryDelay } = RetryInfo.decode(value);
      if (retryDelay === undefined) return {};
      return { retryAfterMs: Number(retryDelay.seconds) * 1000 + Math.ceil(retryDelay.nanos / 1e6) };
    }
    default:
      return {};
  }
}
