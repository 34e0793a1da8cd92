// Pure: what a commit is to be counted as. The audit is the one place where everything that happens has a name.
import type { AuditDraft } from "../store/store.ts";
import { STATES } from "../transaction/state-names.ts";
import { CHANNELS, labelOf, VERDICTS, WEBHOOK_RESULTS, type Attempt, type WebhookOutcome } from "./label-sets.ts";

/** One thing that happened, in words of closed lists. */
export type Happening =
  /** A transaction reached a state, or was made in it. */
  | { readonly type: "transaction"; readonly state: string }
  /** A statement was taken in, and its code is compared or is not. */
  | { readonly type: "statement"; readonly compared: boolean }
  /** A verdict was written down. */
  | { readonly type: "verdict"; readonly reason: string }
  | { readonly type: "delivery"; readonly channel: string; readonly outcome: Attempt }
  /** What became of a try to post to an endpoint. */
  | { readonly type: "webhook"; readonly outcome: WebhookOutcome; readonly result: string }
  /** A receiver said that it is gone, and its endpoint is paused. */
  | { readonly type: "webhook-gone" };

/** What these entries of one commit say that is counted; most of the audit is not. */
export function happeningsOf(audit: readonly AuditDraft[]): Happening[] {
  const found: Happening[] = [];
  for (const draft of audit) {
    const state = stateReached(draft);
    if (state !== undefined) found.push({ type: "transaction", state });
    const statement = STATEMENT_OF[draft.event];
    if (statement !== undefined) found.push({ type: "statement", compared: statement === "compared" });
    const reason = verdictOf(draft);
    if (reason !== undefined) found.push({ type: "verdict", reason: labelOf(VERDICTS, reason) });
    const webhook = WEBHOOK_OF[draft.event];
    if (webhook !== undefined)
      found.push({ type: "webhook", outcome: webhook, result: labelOf(WEBHOOK_RESULTS, draft.detail["result"]) });
    if (draft.event === "webhook.gone") found.push({ type: "webhook-gone" });
    if (draft.event.startsWith("delivery.")) found.push(...attemptsOf(draft));
  }
  return found;
}

function stateReached({ event, subject, detail }: AuditDraft): string | undefined {
  if (event === "transaction.created") return "PENDING";
  // Deliveries are told of their transaction, and have states of their own.
  if (!subject.startsWith("transaction:") || event.startsWith("delivery.")) return undefined;
  const { from, state } = detail;
  return from !== undefined && from !== state && typeof state === "string" && STATES.has(state) ? state : undefined;
}

const STATEMENT_OF: Readonly<Record<string, "compared" | "not-compared">> = {
  "statement.counted": "compared",
  "statement.received": "not-compared",
};

const WEBHOOK_OF: Readonly<Record<string, WebhookOutcome>> = {
  "webhook.delivered": "delivered",
  "webhook.failed": "failed",
  "webhook.dead": "dead",
};

function verdictOf({ event, detail }: AuditDraft): unknown {
  switch (event) {
    case "statement.accepted":
      return "ACCEPTED";
    case "statement.tampered":
      return "TAMPERED";
    case "statement.lost":
      return "LOCKED";
    case "statement.refused":
      // The last wrong code is answered with LOCKED.
      return detail["state"] === "LOCKED" ? "LOCKED" : detail["reason"];
    case "transaction.vetoed":
      return detail["onKey"] === true ? "REJECTED" : undefined;
    default:
      return undefined;
  }
}

const REPORTS: ReadonlySet<unknown> = new Set<Attempt>(["sent", "not-sent", "unknown", "permanent"]);

/** One commit may take a report and hand out the next message. */
function attemptsOf({ event, detail }: AuditDraft): Happening[] {
  const { from, state, report } = detail;
  const outcomes: Attempt[] = [];
  if (REPORTS.has(report)) outcomes.push(report as Attempt);
  if (event === "delivery.due" && from === "SENDING" && state !== "SENDING") outcomes.push("silent");
  if (event === "delivery.receipt") outcomes.push(detail["reached"] === true ? "reached" : "lost");
  if (state === "FAILED" && from !== "FAILED") outcomes.push("given-up");
  if (event === "delivery.handed") outcomes.push("handed");
  const channel = labelOf(CHANNELS, detail["platform"]);
  return outcomes.map((outcome) => ({ type: "delivery", channel, outcome }));
}
