import type { Status } from "nice-grpc-common";

/** One refused member of a request. */
export interface Violation {
  /** Path in the request, such as `phrase`. */
  readonly field: string;
  readonly description: string;
}

/** What of it the core says for programs, beside its words. */
export interface FailureDetail {
  readonly violations?: readonly Violation[];
  /** Waiting this long helps, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * What the core answered instead of what was asked for. Pages branch on `reason`, never on `message`; what a person reads is
 * `failureText`. docs/protocol/verification.md
 */
export class CoreFailure extends Error {
  override readonly name = "CoreFailure";
  /** gRPC status. */
  readonly code: Status;
  /** ErrorInfo.reason, UNREACHABLE when nobody answered, "" if none came. */
  readonly reason: string;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;

  constructor(code: Status, reason: string, message: string, detail: FailureDetail = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.violations = detail.violations ?? [];
    this.retryAfterMs = detail.retryAfterMs;
  }
}
