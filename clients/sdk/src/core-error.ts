import { BadRequest, ErrorInfo, RetryInfo } from "@countersign/proto/web-google/rpc/error_details";
import { Status } from "@countersign/proto/web-google/rpc/status";
import { GrpcCode } from "./grpc-code.ts";

/** One refused field of a request. */
export interface Violation {
  /** Path in the request, e.g. `fields[2].value`. */
  readonly field: string;
  readonly description: string;
}

/** What the core (or the daemon) answered instead of OK. Programs branch on `reason`, never on the message. */
export class CoreError extends Error {
  override readonly name = "CoreError";
  /** gRPC status. */
  readonly code: number;
  /** Exact reason for an app, class for a client (conformance of both: docs/protocol/verification.md); "" if none came. */
  readonly reason: string;
  readonly violations: readonly Violation[];
  /** Waiting this long helps, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What the reason leaves open, e.g. `transactionId` of a DUPLICATE. */
  readonly metadata: ReadonlyMap<string, string>;

  constructor(code: number, message: string, detail: Partial<ErrorDetail> = {}) {
    super(message);
    this.code = code;
    this.reason = detail.reason ?? "";
    this.violations = detail.violations ?? [];
    this.retryAfterMs = detail.retryAfterMs;
    this.metadata = detail.metadata ?? new Map();
  }

  /** Nothing answered: whether the request was carried out is unknown. */
  get isOutage(): boolean {
    const unanswered = this.reason === "" || this.reason === "UNAVAILABLE";
    return unanswered && (this.code === GrpcCode.UNAVAILABLE || this.code === GrpcCode.DEADLINE_EXCEEDED);
  }
}

/** What a status leaves open. */
export interface ErrorDetail {
  readonly reason: string;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;
  readonly metadata: ReadonlyMap<string, string>;
}

const DOMAIN = "countersign";
const TYPE = "type.googleapis.com/google.rpc.";

/** What travelled beside a status (grpc-status-details-bin); whatever cannot be read counts as absent. */
export function detailIn(raw: Uint8Array | undefined): Partial<ErrorDetail> {
  let found: Partial<ErrorDetail> = {};
  try {
    if (raw === undefined) return {};
    for (const { typeUrl, value } of Status.decode(raw).details) found = { ...found, ...readDetail(typeUrl, value) };
  } catch {
    return {};
  }
  return found;
}

function readDetail(typeUrl: string, value: Uint8Array): Partial<ErrorDetail> {
  switch (typeUrl) {
    case `${TYPE}ErrorInfo`: {
      const info = ErrorInfo.decode(value);
      if (info.domain !== DOMAIN) return {};
      return { reason: info.reason, metadata: new Map(Object.entries(info.metadata)) };
    }
    case `${TYPE}BadRequest`:
      return { violations: BadRequest.decode(value).fieldViolations };
    case `${TYPE}RetryInfo`: {
      const delay = RetryInfo.decode(value).retryDelay;
      if (delay === undefined) return {};
      return { retryAfterMs: Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6) };
    }
    default:
      return {};
  }
}
