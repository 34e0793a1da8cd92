import type { Line } from "@countersign/protocol";
import type { Violation } from "./core-error.ts";
import type { ApprovalProgress } from "./standing.ts";
import type { Difference } from "./own-content.ts";

/** Why the user rejected. */
export type RejectedBecause = "wrong data" | "not me" | "changed my mind" | "somebody told me to" | "";

/** A receipt that was checked against the core key of the set-up. */
export interface VerifiedReceipt {
  /** The file's bytes, to be kept. */
  readonly json: Uint8Array;
  /** Short name, e.g. `7F3A-91C2`. */
  readonly name: string;
}

/**
 * How a confirmation ended. `EXECUTED` is said only after the receipt was verified. With a client's token the exact
 * endings are not told: then NOT_CONFIRMED and ENDED stand for them.
 */
export type Outcome =
  | { readonly state: "EXECUTED"; readonly receipt: VerifiedReceipt }
  | { readonly state: "CONFIRMED" }
  /** The user confirmed, and others have to as well: it goes on without him. */
  | { readonly state: "PARTIAL"; readonly approvals: ApprovalProgress | undefined }
  /** The user approved what somebody else asked for; what becomes of it is told there, and on his phone. */
  | { readonly state: "APPROVED" }
  | { readonly state: "REJECTED"; readonly onKey: boolean; readonly because: RejectedBecause }
  | { readonly state: "TAMPERED" | "LOCKED" | "EXPIRED" | "UNDELIVERABLE" }
  | { readonly state: "CANCELLED"; readonly byUser: boolean }
  | { readonly state: "EXECUTION_FAILED"; readonly detail: string }
  | { readonly state: "EXECUTION_UNKNOWN" }
  | { readonly state: "ENDED" }
  | { readonly state: "NOT_CONFIRMED"; readonly reason: string }
  | { readonly state: "BUSY"; readonly retryAfterMs: number | undefined }
  | { readonly state: "USER_BLOCKED" }
  | { readonly state: "DUPLICATE"; readonly first: string }
  | { readonly state: "CONTENT_DIFFERS"; readonly difference: Difference }
  | { readonly state: "REFUSED"; readonly message: string; readonly violations: readonly Violation[] }
  | { readonly state: "NO_KEY"; readonly message: string }
  | { readonly state: "KEY_LEFT"; readonly message: string }
  /** The key that was asked, or the last one that could sign, was revoked meanwhile. */
  | { readonly state: "KEY_REVOKED" }
  | { readonly state: "KEY_REFUSED"; readonly status: string; readonly message: string }
  | { readonly state: "RECEIPT_UNVERIFIED"; readonly why: string };

/** What a confirmation reports while it runs. */
export type Progress =
  /** Frozen by the core; the lines are the client's own once `equal` follows. */
  | {
      readonly type: "created";
      readonly transactionId: string;
      readonly tag: string;
      readonly issuer: string;
      readonly mode: number;
      readonly lines: readonly Line[];
      readonly lifetimeMs: number;
    }
  /** The core's lines are those that were meant. */
  | { readonly type: "equal" }
  /** The message with the code reached a provider, or did not. For apps only. */
  | {
      readonly type: "delivery";
      readonly platform: string;
      readonly sent: boolean;
      readonly reason: string;
      readonly tookMs: number;
    }
  /** PIN or finger comes first: nothing has been created yet. */
  | { readonly type: "verify"; readonly proof: "pin" | "biometric" }
  /** One of the user's keys was revoked; the key is asked anew if another one is left. */
  | { readonly type: "key-revoked"; readonly left: number }
  | { readonly type: "key"; readonly step: "showing" | "pin" | "code" | "touch" | "computing" }
  /** The key signed; the statement is on its way. */
  | { readonly type: "signed"; readonly rejected: boolean }
  /** Not accepted, still pending: the key is asked again. */
  | { readonly type: "try-again" }
  /** The state, or the client's class, changed. */
  | {
      readonly type: "state";
      readonly state: string;
      readonly detail: string;
      readonly approvals?: ApprovalProgress | undefined;
    }
  /** The last event. */
  | { readonly type: "outcome"; readonly outcome: Outcome };
