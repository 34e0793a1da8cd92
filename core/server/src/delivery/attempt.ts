// Pure: what becomes of a delivery when it is handed to a bot, and by what the bot reports. docs/protocol/delivery.md section 4.
import type { UnixMs } from "../store/entity.ts";
import type { Delivery, DeliveryReason, IssueNumber } from "./delivery.ts";
import type { Observed } from "./observed.ts";
import { PLATFORM_TRAITS } from "./platform-trait.ts";
import { noted, wantedIssue, type TimelineEventType } from "./timeline.ts";
import { givenUp, handPhase, mayHoldCodeAfter, showsIssue, withdrawn, type HandPhase } from "./wish.ts";

/** What a bot was handed. */
export interface Handed {
  readonly wish: number;
  readonly phase: HandPhase;
  /** Of phase "full". */
  readonly issue: IssueNumber | undefined;
  /** Which hand-out of the delivery it was, from 1. */
  readonly hand: number;
}

/** What the bot, or its silence, says about it. */
export type Report =
  | { readonly type: "sent"; readonly providerId: string }
  | {
      readonly type: "failed";
      readonly fate: "not-sent" | "unknown" | "permanent";
      readonly reason: DeliveryReason;
      readonly retryAfterMs: number;
      /** What it saw. */
      readonly observed?: Observed | undefined;
    };

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 16_000] as const;
/** A notice may be doubled, it holds nothing; but a provider that swallows every answer must not flood the chat. */
const NOTICE_REPEATS = 5;

/** The next hand-out is committed before it happens, so that a restart knows that it may have happened. */
export function handOut(
  delivery: Delivery,
  fence: number,
  now: UnixMs,
): { delivery: Delivery; handed: Handed } | undefined {
  const phase = handPhase(delivery);
  if (phase === undefined || delivery.retryAt === undefined || delivery.retryAt > now) return undefined;
  const issue = delivery.wanted.phase === "full" ? delivery.wanted.issue : undefined;
  const told = noted(delivery, "HANDED", now, { issue: wantedIssue(delivery) });
  const hand = handsOf(delivery) + 1;
  return {
    delivery: { ...told, state: "SENDING", fence, hands: hand, updatedAt: now },
    handed: { wish: delivery.wish, phase, issue: phase === "full" ? issue : undefined, hand },
  };
}

/** After a report. It may be about an older wish: then it tells what stands in the chat and leaves the newer wish alone. */
export function afterReport(delivery: Delivery, handed: Handed, report: Report, now: UnixMs): Delivery {
  return report.type === "sent"
    ? afterSent(delivery, handed, report.providerId, now)
    : afterFailed(delivery, handed, report, now);
}

/** Found SENDING by a core that does not know what became of it, or not reported in time. */
export function afterSilence(delivery: Delivery, now: UnixMs): Delivery {
  const phase = handPhase(delivery);
  if (delivery.state !== "SENDING" || phase === undefined) return delivery;
  const handed = { wish: delivery.wish, phase, issue: undefined, hand: handsOf(delivery) };
  return afterFailed(
    delivery,
    handed,
    { type: "failed", fate: "unknown", reason: "CHANNEL_DOWN", retryAfterMs: 0, observed: "no-report" },
    now,
  );
}

/** The end of a wish that nobody took to the provider in time. */
export function afterLast(delivery: Delivery, now: UnixMs): Delivery {
  const known = afterSilence(delivery, now);
  return known.retryAt === undefined ? known : givenUp(known, "CHANNEL_DOWN", now);
}

function afterSent(delivery: Delivery, handed: Handed, providerId: string, now: UnixMs): Delivery {
  // A notice that was repeated and arrived after all: the chat shows one more harmless line.
  if (handed.phase === "notice" && delivery.providerId !== undefined) return delivery;
  const told = noted(delivery, sentEvent(delivery, handed), now, { issue: issueOf(delivery, handed) });
  const current = handed.wish === delivery.wish;
  // What was reported of a later wish first tells what stands in the chat, and what the provider calls it.
  const newest = handed.wish >= delivery.shown;
  // A provider whose edits have no id of their own, or a bot that leaves it out, keeps the message's.
  const known: Delivery = newest
    ? { ...withoutReceipt(told), providerId: providerId === "" ? delivery.providerId : providerId, updatedAt: now }
    : { ...told, updatedAt: now };
  if (handed.phase === "notice") {
    return current && delivery.state !== "WITHDRAWN" ? { ...known, state: "QUEUED", unknowns: 0, retryAt: now } : known;
  }
  const shown: Delivery = {
    ...known,
    shown: Math.max(delivery.shown, handed.wish),
    ...(handed.phase === "full" ? { mayHoldCode: true } : {}),
    ...(handed.phase === "full" && newest ? { shownIssue: handed.issue } : {}),
    ...(handed.phase === "outcome" ? { mayHoldCode: false } : {}),
  };
  // How many copies left with an unknown fate stays known: a receipt about this one says nothing of those.
  return current ? { ...shown, state: "SENT", reason: undefined, attempts: 0, fallbackAt: undefined } : shown;
}

/** A text of the transaction took the place of another, or is its first. Where nothing is replaced each code is a first. */
function sentEvent(delivery: Delivery, { phase }: Handed): TimelineEventType {
  if (phase === "notice") return "NOTICE_SENT";
  if (phase !== "full") return delivery.type === "prompt" ? "EDITED" : "SENT";
  const replaces = PLATFORM_TRAITS[delivery.platform].tells === "every change";
  return replaces && delivery.shownIssue !== undefined ? "EDITED" : "SENT";
}

/** Which code the report is about; a notice announces the one that is wanted. */
function issueOf(delivery: Delivery, { wish, issue }: Handed): number {
  return issue?.n ?? (wish === delivery.wish ? wantedIssue(delivery) : 0);
}

/** What was said of an earlier message says nothing of the one that the provider took now. */
function withoutReceipt({ receipt: _of, ...delivery }: Delivery): Delivery {
  return delivery;
}

function afterFailed(
  delivery: Delivery,
  handed: Handed,
  report: Extract<Report, { type: "failed" }>,
  now: UnixMs,
): Delivery {
  // The same wish, or the notice before it, got there in another try.
  if (delivery.shown >= handed.wish || (handed.phase === "notice" && delivery.providerId !== undefined))
    return delivery;
  const left = report.fate === "unknown";
  const issue = issueOf(delivery, handed);
  const known: Delivery = {
    ...(left ? noted(delivery, "UNKNOWN", now, { issue }) : delivery),
    mayHoldCode: delivery.mayHoldCode || (left && handed.phase === "full"),
    updatedAt: now,
    ...(report.observed === undefined ? {} : { observed: report.observed }),
  };
  const isCurrent = handed.wish === delivery.wish;
  // It was taken for lost, or is not wanted any more: what is at the bot now has a fate of its own.
  const isLate = delivery.state === "SENDING" && handed.hand !== handsOf(delivery);
  if (report.fate === "permanent" && (isAboutChat(report.reason) || (isCurrent && !isLate))) {
    const held = isLate ? { ...known, mayHoldCode: mayHoldCodeAfter(delivery) } : known;
    return isDeleted(delivery, handed, report.reason) ? anew(held, now) : givenUp(held, report.reason, now);
  }
  if (isLate) return left ? known : delivery;
  if (!isCurrent) return nothingArrived(known) ? withdrawn(known, "superseded", now) : known;
  const counted = { ...known, attempts: known.attempts + 1, unknowns: known.unknowns + (left ? 1 : 0) };
  const repeats = handed.phase === "notice" ? NOTICE_REPEATS : PLATFORM_TRAITS[delivery.platform].repeats;
  if (left && counted.unknowns > repeats) return givenUp(counted, report.reason, now);
  const retryAt = now + Math.max(report.retryAfterMs, backoff(counted.attempts));
  if (retryAt >= delivery.notAfter) return givenUp(counted, report.reason, now);
  if (left) return { ...counted, state: "UNKNOWN", retryAt };
  return { ...noted(counted, "RETRIED", now, { issue, reason: report.reason }), state: "QUEUED", retryAt };
}

/** Not about one message: no other will get there either. */
function isAboutChat(reason: DeliveryReason): boolean {
  return reason === "CHANNEL_BLOCKED_BY_USER" || reason === "CHANNEL_IDENTITY_CHANGED";
}

/** Deliveries from before do not know; then it is the last one that is told of. */
function handsOf({ hands = 0 }: Delivery): number {
  return hands;
}

/** The message that stood there can no longer be replaced: the user deleted it, then asked for a new code. */
function isDeleted(delivery: Delivery, handed: Handed, reason: DeliveryReason): boolean {
  const edited = handed.phase === "full" && handed.wish === delivery.wish && delivery.providerId !== undefined;
  return edited && reason === "CHANNEL_DOWN" && delivery.shown > 0 && delivery.attempts === 0 && !showsIssue(delivery);
}

/** Once for a wish: the code gets a message of its own, notice first. */
function anew(delivery: Delivery, now: UnixMs): Delivery {
  const told = noted(delivery, "RETRIED", now, { issue: wantedIssue(delivery), reason: "CHANNEL_DOWN" });
  return { ...told, state: "QUEUED", providerId: undefined, attempts: 1, retryAt: now };
}

/** The transaction ended while its notice was on the way, and the notice never arrived: there is nothing to replace. */
function nothingArrived(delivery: Delivery): boolean {
  return delivery.wanted.phase === "outcome" && delivery.providerId === undefined && !delivery.mayHoldCode;
}

function backoff(attempts: number): number {
  return BACKOFF_MS[Math.min(attempts, BACKOFF_MS.length) - 1] ?? BACKOFF_MS[0];
}
