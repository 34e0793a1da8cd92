import type { Outcome } from "@countersign/sdk";

/** What happened and what to do next, for the terminal of whoever wanted in. Nobody was let in. */
export function endingText(outcome: Outcome | undefined): string {
  switch (outcome?.state) {
    case undefined:
      return "Ended without an answer. Try again.";
    case "REJECTED":
      return `Stopped by you ${outcome.onKey ? "on the key" : "in the chat"}. If it was not you: change your password, tell your administrator.`;
    case "TAMPERED":
      return "STOPPED: what your key showed is not what this host asked. A PC between them is not to be trusted: tell your administrator.";
    case "CONTENT_DIFFERS":
      return "STOPPED: the core holds something else than this host asked. Tell your administrator.";
    case "RECEIPT_UNVERIFIED":
      return `STOPPED: the answer does not verify (${outcome.why}). Trust your phone; tell your administrator.`;
    case "EXPIRED":
    case "ENDED":
      return "No confirmation in time. Have key and phone at hand and try again.";
    case "LOCKED":
      return "Too many wrong codes. Try again.";
    case "UNDELIVERABLE":
      return "Your phone could not be reached. Check its chat, then try again.";
    case "CANCELLED":
      return "Withdrawn. Try again when you mean it.";
    case "USER_BLOCKED":
      return "Your confirmations are frozen. On your own PC: countersign thaw";
    case "BUSY":
      return "The key or the core is busy. Try again in a minute.";
    case "NO_KEY":
    case "KEY_LEFT":
      return "No key. Plug it in and try again; countersign doctor tells more.";
    case "KEY_REVOKED":
      return "This key was revoked. See: countersign key list";
    case "KEY_REFUSED":
      return `The key refused: ${outcome.message}`;
    case "REFUSED":
      return `This cannot be shown on a key: ${outcome.message}. Tell your administrator.`;
    case "DUPLICATE":
    case "CONFIRMED":
    case "APPROVED":
    case "PARTIAL":
    case "EXECUTED":
    case "EXECUTION_FAILED":
    case "EXECUTION_UNKNOWN":
    case "NOT_CONFIRMED":
      return "Not confirmed. Look at your phone, then try again.";
  }
}
