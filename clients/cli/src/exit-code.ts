import type { Outcome } from "@countersign/sdk";

/** Exit codes of the command. Scripts branch on them, so they never change their meaning. */
export const ExitCode = {
  DONE: 0,
  REFUSED_INPUT: 2,
  REJECTED_ON_KEY: 10,
  EXPIRED: 11,
  TAMPERED: 12,
  REJECTED_IN_CHAT: 13,
  NO_KEY: 14,
  UNDELIVERABLE: 15,
  LOCKED: 16,
  CANCELLED: 17,
  EXECUTION_FAILED: 18,
  EXECUTION_UNKNOWN: 19,
  UNVERIFIED: 20,
  NOT_CONFIRMED: 21,
  DUPLICATE: 22,
  USER_BLOCKED: 23,
  CONTENT_DIFFERS: 24,
  /** Others have to confirm as well. */
  CHANGE_WAITS: 25,
  CHANGE_REJECTED: 26,
  VERSION_CONFLICT: 27,
  ENVIRONMENT: 69,
  BUSY: 75,
  NOT_ALLOWED: 77,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What each says, for the manual page. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [ExitCode.DONE]: "Executed, receipt verified; or what else was asked for was done.",
  [ExitCode.REFUSED_INPUT]: "Wrong usage, or refused input: field or element, code point and rule are named.",
  [ExitCode.REJECTED_ON_KEY]: "Rejected on the key.",
  [ExitCode.EXPIRED]: "Expired; also ended, where the client may not know more.",
  [ExitCode.TAMPERED]: "What the key signed is not what the core holds: this PC may be unsafe.",
  [ExitCode.REJECTED_IN_CHAT]: "Stopped in the chat.",
  [ExitCode.NO_KEY]: "No key, or it left, or it cannot be used.",
  [ExitCode.UNDELIVERABLE]: "No channel reached the phone.",
  [ExitCode.LOCKED]: "Too many wrong codes.",
  [ExitCode.CANCELLED]: "Withdrawn, also by Ctrl-C.",
  [ExitCode.EXECUTION_FAILED]: "Confirmed, and could not be carried out.",
  [ExitCode.EXECUTION_UNKNOWN]: "Nobody knows yet whether it was carried out: do not repeat it.",
  [ExitCode.UNVERIFIED]: "The answer does not verify: trust the phone.",
  [ExitCode.NOT_CONFIRMED]: "Not confirmed; the client may not know more.",
  [ExitCode.DUPLICATE]: "The same was asked before, or was let pass before.",
  [ExitCode.USER_BLOCKED]: "The user is frozen or blocked: countersign thaw.",
  [ExitCode.CONTENT_DIFFERS]: "What the core holds, or what lies here now, is not what was meant; nothing was done.",
  [ExitCode.CHANGE_WAITS]: "It waits for the keys of others; your part is done.",
  [ExitCode.CHANGE_REJECTED]: "A change was rejected by somebody else.",
  [ExitCode.VERSION_CONFLICT]: "The rules are not the version that the file was made from.",
  [ExitCode.ENVIRONMENT]: "Something around the command is missing or does not answer.",
  [ExitCode.BUSY]: "Busy: try later.",
  [ExitCode.NOT_ALLOWED]: "The token opens nothing, or may not do this.",
};

/** The exit code of an outcome. A new outcome without a row does not compile. */
export function exitCodeOf(outcome: Outcome): ExitCode {
  switch (outcome.state) {
    case "EXECUTED":
    case "CONFIRMED":
    case "APPROVED":
      return ExitCode.DONE;
    case "PARTIAL":
      return ExitCode.CHANGE_WAITS;
    case "REFUSED":
      return ExitCode.REFUSED_INPUT;
    case "REJECTED":
      return outcome.onKey ? ExitCode.REJECTED_ON_KEY : ExitCode.REJECTED_IN_CHAT;
    case "EXPIRED":
    case "ENDED":
      return ExitCode.EXPIRED;
    case "NO_KEY":
    case "KEY_LEFT":
    case "KEY_REVOKED":
      return ExitCode.NO_KEY;
    case "KEY_REFUSED":
      return exitCodeOfKey(outcome.status, ExitCode.NOT_CONFIRMED);
    case "RECEIPT_UNVERIFIED":
      return ExitCode.UNVERIFIED;
    case "TAMPERED":
    case "LOCKED":
    case "CANCELLED":
    case "UNDELIVERABLE":
    case "EXECUTION_FAILED":
    case "EXECUTION_UNKNOWN":
    case "NOT_CONFIRMED":
    case "BUSY":
    case "USER_BLOCKED":
    case "DUPLICATE":
    case "CONTENT_DIFFERS":
      return ExitCode[outcome.state];
  }
}

/** Of a key that refused; one that no row is for counts as no key. */
export function exitCodeOfKey(keyStatus: string, otherwise: ExitCode = ExitCode.NO_KEY): ExitCode {
  return KEY_STATUS[keyStatus] ?? otherwise;
}

/** By the key's own status (docs/protocol/hid.md): what it cannot show is bad input, a key without a usable PIN is no key. */
const KEY_STATUS: Readonly<Record<string, ExitCode>> = {
  UNRENDERABLE: ExitCode.REFUSED_INPUT,
  TOO_LONG: ExitCode.REFUSED_INPUT,
  PIN_BLOCKED: ExitCode.NO_KEY,
  PIN_INVALID: ExitCode.NO_KEY,
  PIN_REQUIRED: ExitCode.NO_KEY,
  NO_KEY: ExitCode.NO_KEY,
  NOT_ALLOWED: ExitCode.NO_KEY,
  STORAGE: ExitCode.NO_KEY,
  UNSUPPORTED: ExitCode.NO_KEY,
  USER_DENIED: ExitCode.REJECTED_ON_KEY,
  CANCELLED: ExitCode.CANCELLED,
  USER_TIMEOUT: ExitCode.EXPIRED,
  BUSY: ExitCode.BUSY,
};
