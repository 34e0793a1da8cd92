/** All that an untrusted client learns of a refusal. Within a class all answers are the same bytes. */
export type ClientClass = "TRY_AGAIN" | "NOT_CONFIRMED" | "TAMPERED" | "ENDED" | "BUSY";

/** gRPC status names, as far as refusals use them. */
export type StatusName =
  | "ABORTED"
  | "ALREADY_EXISTS"
  | "DATA_LOSS"
  | "FAILED_PRECONDITION"
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED";

/** Who hears of a reason, and how. */
export interface ReasonRow {
  /** Absent where no client ever hears of it. */
  readonly forClient?: ClientClass;
  /** Absent where it is no answer to a call of the app. */
  readonly forApp?: StatusName;
}

/** Why something was not done. Stable: travels as ErrorInfo.reason in the domain "countersign". */
export type Reason =
  | "CONTENT_DIFFERS"
  | "DUPLICATE"
  | "UNKNOWN_TRANSACTION"
  | "STATE_CONFLICT"
  | "USER_BLOCKED"
  | "EXPIRED"
  | "UNKNOWN_KEY"
  | "KEY_NOT_OWNED"
  | "KEY_REVOKED"
  | "KEY_PROVISIONAL"
  | "KEY_NOT_ACCEPTED"
  | "BAD_SIGNATURE"
  | "STATEMENT_MISMATCH"
  | "TAMPERED"
  | "REJECTED"
  | "COUNTER_REGRESSION"
  | "POLICY_UNMET"
  | "WRONG_CODE"
  | "CODE_SUPERSEDED"
  | "LOCKED"
  | "CANCELLED"
  | "RATE_LIMITED"
  | "CHANNEL_DOWN"
  | "CHANNEL_BLOCKED_BY_USER"
  | "NO_CHANNEL"
  | "ATTESTATION_UNTRUSTED"
  | "STALE_FENCE"
  | "INTEGRITY"
  | "IDEMPOTENCY_CONFLICT"
  | "BAD_INPUT";

/** Who hears what of each reason. */
export const REASONS: Readonly<Record<Reason, ReasonRow>> = {
  // Stopped by the client itself; never on the wire.
  CONTENT_DIFFERS: {},
  DUPLICATE: { forClient: "NOT_CONFIRMED", forApp: "FAILED_PRECONDITION" },
  UNKNOWN_TRANSACTION: { forClient: "NOT_CONFIRMED", forApp: "NOT_FOUND" },
  STATE_CONFLICT: { forClient: "ENDED", forApp: "FAILED_PRECONDITION" },
  USER_BLOCKED: { forClient: "NOT_CONFIRMED", forApp: "FAILED_PRECONDITION" },
  EXPIRED: { forClient: "ENDED", forApp: "FAILED_PRECONDITION" },
  UNKNOWN_KEY: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  KEY_NOT_OWNED: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  KEY_REVOKED: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  KEY_PROVISIONAL: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  KEY_NOT_ACCEPTED: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  BAD_SIGNATURE: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  STATEMENT_MISMATCH: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  TAMPERED: { forClient: "TAMPERED", forApp: "FAILED_PRECONDITION" },
  REJECTED: { forClient: "ENDED", forApp: "FAILED_PRECONDITION" },
  COUNTER_REGRESSION: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  POLICY_UNMET: { forClient: "TRY_AGAIN", forApp: "FAILED_PRECONDITION" },
  WRONG_CODE: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  CODE_SUPERSEDED: { forClient: "TRY_AGAIN", forApp: "PERMISSION_DENIED" },
  LOCKED: { forClient: "ENDED", forApp: "FAILED_PRECONDITION" },
  CANCELLED: { forClient: "ENDED", forApp: "FAILED_PRECONDITION" },
  RATE_LIMITED: { forClient: "BUSY", forApp: "RESOURCE_EXHAUSTED" },
  CHANNEL_DOWN: {},
  CHANNEL_BLOCKED_BY_USER: {},
  NO_CHANNEL: { forClient: "ENDED", forApp: "FAILED_PRECONDITION" },
  ATTESTATION_UNTRUSTED: { forClient: "NOT_CONFIRMED", forApp: "PERMISSION_DENIED" },
  STALE_FENCE: { forApp: "ABORTED" },
  INTEGRITY: { forClient: "NOT_CONFIRMED", forApp: "DATA_LOSS" },
  IDEMPOTENCY_CONFLICT: { forApp: "ALREADY_EXISTS" },
  // Unsafe text, limits, missing labels: BadRequest names field, code point and rule.
  BAD_INPUT: { forClient: "NOT_CONFIRMED", forApp: "INVALID_ARGUMENT" },
};

/** gRPC status of each class. */
export const CLIENT_STATUS: Readonly<Record<ClientClass, StatusName>> = {
  TRY_AGAIN: "ABORTED",
  NOT_CONFIRMED: "PERMISSION_DENIED",
  TAMPERED: "FAILED_PRECONDITION",
  ENDED: "FAILED_PRECONDITION",
  BUSY: "RESOURCE_EXHAUSTED",
};

/** The coarse class of a reason, or undefined where no client ever hears of it. */
export function clientClassOf(reason: Reason): ClientClass | undefined {
  return REASONS[reason].forClient;
}

/** The status that a relying party gets, or undefined where the reason answers no call. */
export function statusOf(reason: Reason): StatusName | undefined {
  return REASONS[reason].forApp;
}
