// Pure: what is known of a delivery at this moment, and what time alone makes of it. docs/protocol/delivery.md section 4.
import type { Link } from "../identity/link.ts";
import type { UnixMs } from "../store/entity.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { afterLast, afterReport, afterSilence, type Handed, type Report } from "./attempt.ts";
import { isOpen, REPORT_WITHIN_MS } from "./delivery-index.ts";
import type { Delivery } from "./delivery.ts";
import { isReachable } from "./eligible.ts";
import { afterReceipt, type ProviderReceipt } from "./receipt.ts";
import { givenUp, showsIssue, withdrawn } from "./wish.ts";

/** What came in about it. Nothing: it was found in the lane. */
export interface Learnt {
  /** What the bot said about what it was handed. */
  readonly told?: { readonly handed: Handed; readonly report: Report };
  /** What the provider said, by its bot, of a message that was accepted long ago. */
  readonly receipt?: ProviderReceipt;
}

/** Whose it is and where it goes. */
export interface Around {
  /** Absent for an alert of none. */
  readonly transaction: Transaction | undefined;
  readonly link: Link | undefined;
}

/** What is known of the delivery now, before anything is handed out. */
export function judge(before: Delivery, { transaction, link }: Around, learnt: Learnt, now: UnixMs): Delivery {
  const known = learn(before, learnt, now);
  if (!isOpen(known) || learnt.receipt !== undefined) return known;
  // Whoever reads there now may be somebody else: not even an outcome.
  if (link?.state === "SUSPENDED") return givenUp(known, "CHANNEL_IDENTITY_CHANGED", now);
  if (known.wanted.phase === "full") {
    if (transaction?.state !== "PENDING" || !isIssue(known, transaction)) {
      return known.mayHoldCode ? givenUp(known, "superseded", now) : withdrawn(known, "superseded", now);
    }
    if (!isReachable(link, transaction)) return givenUp(known, "CHANNEL_BLOCKED_BY_USER", now);
  }
  return now > known.notAfter ? afterLast(known, now) : known;
}

/**
 * While the provider wants the whole identity to wait, what waits in the lane gets a moment at which it is found again.
 * What may not wait so long is given up now, so that the next channel is asked now.
 */
export function postponed(delivery: Delivery, until: UnixMs, now: UnixMs): Delivery {
  const { retryAt } = delivery;
  if (retryAt === undefined || !isOpen(delivery) || now >= until || retryAt >= until) return delivery;
  // A late report about an earlier hand-out came; this one is at the bot still.
  if (delivery.state === "SENDING") return delivery;
  if (until >= delivery.notAfter) return givenUp({ ...delivery, observed: "rate-limited" }, "CHANNEL_DOWN", now);
  return { ...delivery, retryAt: until, updatedAt: now };
}

/** When its `due` has come: the missing report, the end, the next channel's turn. */
export function atMoment(delivery: Delivery, transaction: Transaction | undefined, now: UnixMs): Delivery {
  const moved = moment(delivery, now);
  // The next channel is the business of a transaction that still waits for its code, and of a chat that has not shown it.
  const waits = transaction?.state === "PENDING" && moved.wanted.phase === "full" && !showsIssue(moved);
  return { ...moved, fallbackAt: waits ? moved.fallbackAt : undefined };
}

function moment(delivery: Delivery, now: UnixMs): Delivery {
  if (!isOpen(delivery)) return delivery;
  if (now > delivery.notAfter) return afterLast(delivery, now);
  const silent = delivery.state === "SENDING" && now >= delivery.updatedAt + REPORT_WITHIN_MS;
  return silent ? afterSilence(delivery, now) : delivery;
}

function learn(before: Delivery, { told, receipt }: Learnt, now: UnixMs): Delivery {
  if (receipt !== undefined) return afterReceipt(before, receipt, now);
  // Found in the lane as SENDING: nobody of this holder has it, so nobody knows what became of it.
  return told === undefined ? afterSilence(before, now) : afterReport(before, told.handed, told.report, now);
}

function isIssue(delivery: Delivery, { issue }: Transaction): boolean {
  const { wanted } = delivery;
  return wanted.phase === "full" && wanted.issue.epoch === issue.epoch && wanted.issue.n === issue.n;
}
