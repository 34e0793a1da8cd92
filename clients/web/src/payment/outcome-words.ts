import type { Outcome } from "@countersign/sdk/browser";

/** What an ending is for who reads it. */
export interface Told {
  /** Its messages: `over-ID` says what happened and whether anything was done, `over-ID-next` what to do. */
  readonly id: string;
  readonly tone: "good" | "bad" | "waiting";
  /** Whether the same may be asked for again at once. */
  readonly mayRepeat: boolean;
  /** What else is known, in the words of core or key. */
  readonly detail: string;
}

/** What this page knows beside the outcome. */
export interface Known {
  /** The core had made the transaction; else it refused to, and tells a page no more than that. */
  readonly wasCreated: boolean;
  /** Its time has run out by this PC's clock; the core tells a page no more than that it has ended. */
  readonly isTimeUp: boolean;
}

export function tellOutcome(outcome: Outcome, { wasCreated, isTimeUp }: Known): Told {
  switch (outcome.state) {
    case "EXECUTED":
    case "CONFIRMED":
    case "APPROVED":
      return told(outcome.state, "good");
    case "PARTIAL":
      return told("PARTIAL", "waiting");
    case "EXECUTION_UNKNOWN":
      return told("EXECUTION_UNKNOWN", "waiting");
    case "RECEIPT_UNVERIFIED":
      return told("RECEIPT_UNVERIFIED", "bad", false, outcome.why);
    case "TAMPERED":
      return told("TAMPERED", "bad");
    case "CONTENT_DIFFERS": {
      const { core = "–", meant = "–" } = outcome.difference;
      return told("CONTENT_DIFFERS", "bad", false, `${core} ≠ ${meant}`);
    }
    case "DUPLICATE":
      return told("DUPLICATE", "waiting", false, outcome.first);
    case "USER_BLOCKED":
      return told("USER_BLOCKED", "bad");
    case "ENDED":
      return told(isTimeUp ? "EXPIRED" : "ENDED", "bad", true);
    case "EXECUTION_FAILED":
      return told("EXECUTION_FAILED", "bad", true, outcome.detail);
    case "REFUSED":
      return told("REFUSED", "bad", false, outcome.message);
    case "KEY_REFUSED":
      return told("KEY_REFUSED", "bad", true, outcome.status === "" ? outcome.message : outcome.status);
    case "NOT_CONFIRMED":
      return wasCreated ? told("NOT_CONFIRMED", "bad", true) : told("NOT_TAKEN", "bad");
    case "NO_KEY":
    case "KEY_LEFT":
      return told(outcome.state, "bad", true, outcome.message);
    case "CANCELLED":
    case "REJECTED":
    case "LOCKED":
    case "EXPIRED":
    case "UNDELIVERABLE":
    case "BUSY":
    case "KEY_REVOKED":
      return told(outcome.state, "bad", true);
  }
}

function told(id: string, tone: Told["tone"], mayRepeat = false, detail = ""): Told {
  return { id, tone, mayRepeat, detail };
}
