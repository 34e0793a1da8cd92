// Pure: what became of one transaction's code in one chat.
import { REPORT_WITHIN_MS } from "../delivery/delivery-index.ts";
import type { Delivery, DeliveryReason } from "../delivery/delivery.ts";
import { timelineOf } from "../delivery/timeline.ts";
import { showsIssue } from "../delivery/wish.ts";
import type { UnixMs } from "../store/entity.ts";
import { explainBot, type BotStanding } from "./explain-bot.ts";
import { reasonOfTrouble, type Finding } from "./explain-finding.ts";

/** What is around the attempt now. */
export interface AroundAttempt {
  readonly bot: BotStanding;
  /** Messages of the same bot before this one in its lane. */
  readonly ahead: number;
}

export function explainAttempt(delivery: Delivery, around: AroundAttempt, now: UnixMs): Finding {
  // The outcome took the code's place: what matters is whether the code was there.
  if (delivery.wanted.phase === "outcome") return afterwards(delivery);
  switch (delivery.state) {
    case "SENT":
      return sent(delivery);
    case "SENDING":
      return explainSending(delivery, around, now);
    case "QUEUED":
      return delivery.type === "prompt" && showsIssue(delivery) ? sent(delivery) : explainQueued(delivery, around, now);
    case "UNKNOWN":
      return unknown(delivery);
    case "FAILED":
      return explainFailed(delivery);
    case "WITHDRAWN":
      return { reason: WITHDRAWN[delivery.reason ?? "superseded"], since: delivery.updatedAt };
  }
}

function sent(delivery: Delivery): Finding {
  const { receipt, providerId, updatedAt } = delivery;
  const reason = receipt === "reached" ? "REACHED" : receipt === "lost" ? "NOT_REACHED" : "SENT";
  return { reason, since: lastAt(delivery, "SENT", "EDITED", "REACHED") ?? updatedAt, providerId };
}

/** Where no code can be on the phone, what is known is that the provider gave no answer. */
function unknown({ observed, providerId, updatedAt: since, mayHoldCode, receipt, retryAt: until }: Delivery): Finding {
  if (mayHoldCode || receipt === "lost" || observed === undefined) {
    return { reason: "SENT_UNKNOWN", observed, since, providerId };
  }
  return { reason: reasonOfTrouble(observed), observed, since, until };
}

/** A holder that vanished leaves it so, until its report is overdue. */
function explainSending(delivery: Delivery, { bot }: AroundAttempt, now: UnixMs): Finding {
  const stopped = explainBot(bot, now);
  if (stopped !== undefined && stopped.reason !== "BOT_PAUSED") return stopped;
  return { reason: "AT_BOT", since: delivery.updatedAt, until: delivery.updatedAt + REPORT_WITHIN_MS };
}

function explainQueued(delivery: Delivery, { bot, ahead }: AroundAttempt, now: UnixMs): Finding {
  const stopped = explainBot(bot, now);
  if (stopped !== undefined) return stopped;
  if (now > delivery.notAfter) return { reason: "EXPIRED_BEFORE_SENT", since: delivery.notAfter };
  const { observed, retryAt, attempts } = delivery;
  if (attempts > 0) return { reason: reasonOfTrouble(observed), observed, since: delivery.updatedAt, until: retryAt };
  // Nothing failed of this one: its provider asked the whole identity to wait.
  if (retryAt !== undefined && retryAt > now) return { reason: "RATE_LIMITED", until: retryAt };
  return { reason: "WAITING", since: delivery.updatedAt, ahead };
}

function explainFailed(delivery: Delivery): Finding {
  const { reason, observed, receipt, notAfter, updatedAt: since, providerId } = delivery;
  if (receipt === "lost") return { reason: "NOT_REACHED", since, providerId };
  const known = reason === undefined ? undefined : OF_REASON[reason];
  if (known !== undefined) return { reason: known, observed, since };
  const isOver = observed === undefined && since >= notAfter;
  return { reason: isOver ? "EXPIRED_BEFORE_SENT" : reasonOfTrouble(observed), observed, since };
}

/** Those that say more than what was observed. */
const OF_REASON: Partial<Record<DeliveryReason, Finding["reason"]>> = {
  CHANNEL_BLOCKED_BY_USER: "PEER_GONE",
  CHANNEL_IDENTITY_CHANGED: "IDENTITY_CHANGED",
  CHANNEL_DOES_NOT_FIT: "DOES_NOT_FIT",
  superseded: "SUPERSEDED",
};

const WITHDRAWN: Readonly<Record<DeliveryReason, Finding["reason"]>> = {
  expired: "EXPIRED_BEFORE_SENT",
  superseded: "SUPERSEDED",
  vetoed: "TRANSACTION_ENDED",
  cancelled: "TRANSACTION_ENDED",
  CHANNEL_DOWN: "SUPERSEDED",
  CHANNEL_BLOCKED_BY_USER: "PEER_GONE",
  CHANNEL_IDENTITY_CHANGED: "IDENTITY_CHANGED",
  CHANNEL_DOES_NOT_FIT: "DOES_NOT_FIT",
};

function afterwards(delivery: Delivery): Finding {
  if (delivery.shownIssue === undefined) return unknown(delivery);
  return sent(delivery);
}

function lastAt(delivery: Delivery, ...types: readonly string[]): UnixMs | undefined {
  return timelineOf(delivery).findLast(
    ({ type, issue }) => types.includes(type) && (issue > 0 || delivery.type === "alert"),
  )?.at;
}
