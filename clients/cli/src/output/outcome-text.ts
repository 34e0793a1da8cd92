import type { ApprovalProgress, Outcome } from "@countersign/sdk";
import { printable } from "./printable.ts";
import type { Sign } from "./terminal.ts";

/** Sign and sentence of an ending. Each says whether anything was done. */
export function outcomeText(outcome: Outcome): { readonly sign: Sign; readonly text: string } {
  switch (outcome.state) {
    case "EXECUTED":
      return { sign: "done", text: `receipt ${outcome.receipt.name} verified` };
    case "CONFIRMED":
      return { sign: "done", text: "Confirmed; it is carried out next, your phone tells the outcome" };
    case "APPROVED":
      return { sign: "done", text: "Approved by your key; your phone tells what becomes of it" };
    case "PARTIAL":
      return { sign: "done", text: printable(`Confirmed by your key; ${approvalsText(outcome.approvals)}`) };
    case "REJECTED": {
      const because = outcome.because === "" ? "" : ` (${outcome.because})`;
      const where = outcome.onKey ? "on the key" : "in the chat";
      return { sign: "stopped", text: `Stopped by the user ${where}${because} · nothing was sent` };
    }
    case "TAMPERED":
      return { sign: "warning", text: "STOPPED: details differ, this PC may be unsafe · nothing was sent" };
    case "LOCKED":
      return { sign: "stopped", text: "Ended after too many wrong codes · nothing was sent" };
    case "EXPIRED":
      return { sign: "stopped", text: "Expired · nothing was sent" };
    case "ENDED":
      return { sign: "stopped", text: "Ended · nothing was sent; your phone knows why" };
    case "UNDELIVERABLE":
      return { sign: "failed", text: "Your phone could not be reached · nothing was sent; see: countersign doctor" };
    case "CANCELLED":
      return { sign: "stopped", text: `Withdrawn${outcome.byUser ? " by you" : ""} · nothing was sent` };
    case "EXECUTION_FAILED":
      return { sign: "failed", text: printable(`Confirmed, but it could not be carried out: ${outcome.detail}`) };
    case "EXECUTION_UNKNOWN":
      return { sign: "unknown", text: "Confirmed; whether it was carried out is being found out. Do not repeat it" };
    case "NOT_CONFIRMED":
      return { sign: "failed", text: printable(`Not confirmed${paren(outcome.reason)} · nothing was sent`) };
    case "BUSY":
      return { sign: "failed", text: `Busy · nothing was sent; try again in ${waitText(outcome.retryAfterMs)}` };
    case "USER_BLOCKED":
      return { sign: "stopped", text: "Your confirmations are frozen · nothing was sent; run: countersign thaw" };
    case "DUPLICATE":
      return {
        sign: "stopped",
        text: printable(
          `The same was asked before (${outcome.first}) · nothing was sent; if it is meant twice: --repeat ${outcome.first}`,
        ),
      };
    case "CONTENT_DIFFERS":
      return { sign: "warning", text: differenceText(outcome.difference) };
    case "REFUSED": {
      const fields = outcome.violations.map(({ field, description }) => `${field}: ${description}`);
      return { sign: "failed", text: printable(`Refused: ${fields.join("; ") || outcome.message} · nothing was sent`) };
    }
    case "NO_KEY":
      return { sign: "failed", text: "No key found · nothing was sent; plug it in, or see: countersign doctor" };
    case "KEY_LEFT":
      return {
        sign: "failed",
        text: "The key was unplugged · the transaction is withdrawn; plug it in, then ask again",
      };
    case "KEY_REVOKED":
      return { sign: "stopped", text: "This key was revoked meanwhile · nothing was sent; see: countersign key list" };
    case "KEY_REFUSED":
      return {
        sign: "failed",
        text: printable(`The key refused${paren(outcome.status)}: ${outcome.message} · nothing was sent`),
      };
    case "RECEIPT_UNVERIFIED":
      return {
        sign: "warning",
        text: printable(`The answer does not verify (${outcome.why}). Trust your phone, not this PC; do not repeat it`),
      };
  }
}

function differenceText(difference: {
  readonly at: string;
  readonly core?: string | undefined;
  readonly meant?: string | undefined;
}): string {
  const { at, core = "nothing", meant = "nothing" } = difference;
  return printable(
    `STOPPED: the core holds "${core}" where you meant "${meant}" (${at}). The key was not asked; the transaction is withdrawn`,
  );
}

/** `1 of 2 others have approved, until 2026-11-30T14:31:00Z; missing: director`. */
export function approvalsText(approvals: ApprovalProgress | undefined): string {
  if (approvals === undefined) return "others have to approve it as well";
  const { given, needed, missing, until } = approvals;
  const end = until === undefined ? "" : `, until ${until.toISOString().replace(/\.\d{3}Z$/, "Z")}`;
  const who = missing.length === 0 || given >= needed ? "" : `; missing: ${missing.join(", ")}`;
  return `${given} of ${needed} others have approved${end}${who}`;
}

function waitText(ms: number | undefined): string {
  return ms === undefined ? "a while" : `${Math.ceil(ms / 1000)} s`;
}

function paren(text: string): string {
  return text === "" ? "" : ` (${text})`;
}
