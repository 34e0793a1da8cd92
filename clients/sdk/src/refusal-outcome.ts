import type { CoreError } from "./core-error.ts";
import type { Outcome } from "./outcome.ts";

/**
 * What an answer to Create, or to another call that begins a transaction, means for the caller. Undefined: an outage or a
 * fault of the installation (no permission, wrong token), which is thrown.
 */
export function outcomeOfRefusedCreate(error: CoreError): Outcome | undefined {
  if (error.violations.length > 0) return { state: "REFUSED", message: error.message, violations: error.violations };
  switch (error.reason) {
    case "DUPLICATE":
      return { state: "DUPLICATE", first: error.metadata.get("transactionId") ?? "" };
    case "USER_BLOCKED":
      return { state: "USER_BLOCKED" };
    case "NO_CHANNEL":
      return { state: "UNDELIVERABLE" };
    case "RATE_LIMITED":
    case "BUSY":
      return { state: "BUSY", retryAfterMs: error.retryAfterMs };
    case "NOT_CONFIRMED":
    case "KEY_NOT_ACCEPTED":
      return { state: "NOT_CONFIRMED", reason: error.reason };
    default:
      return undefined;
  }
}

/** What follows when the core does not accept a signed statement. */
export type NextStep =
  | { readonly next: "ask-again" }
  | { readonly next: "wait"; readonly ms: number }
  /** Over, or about to be: the watch tells how. */
  | { readonly next: "watch" }
  | { readonly next: "stop"; readonly outcome: Outcome };

/** Reads exact reasons (app) and classes (client) alike: the words do not overlap in meaning. */
export function nextStepOf(error: CoreError): NextStep {
  switch (error.reason) {
    case "TRY_AGAIN":
    case "WRONG_CODE":
    case "CODE_SUPERSEDED":
    case "BAD_SIGNATURE":
    case "STATEMENT_MISMATCH":
    case "COUNTER_REGRESSION":
      return { next: "ask-again" };
    case "BUSY":
    case "RATE_LIMITED":
      return { next: "wait", ms: Math.min(error.retryAfterMs ?? 1_000, 30_000) };
    case "USER_BLOCKED":
      return { next: "stop", outcome: { state: "USER_BLOCKED" } };
    case "KEY_REVOKED":
      return { next: "stop", outcome: { state: "KEY_REVOKED" } };
    case "ENDED":
    case "TAMPERED":
    case "REJECTED":
    case "LOCKED":
    case "EXPIRED":
    case "CANCELLED":
    case "STATE_CONFLICT":
    case "NO_CHANNEL":
      return { next: "watch" };
    default:
      return { next: "stop", outcome: { state: "NOT_CONFIRMED", reason: error.reason } };
  }
}
