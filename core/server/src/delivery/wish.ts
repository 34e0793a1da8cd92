// Pure: how a delivery's wish is born and replaced. What the provider answers changes it in attempt.ts.
import type { Link } from "../identity/link.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import { CHANNEL_REASONS, type Delivery, type DeliveryReason, type Notice } from "./delivery.ts";
import type { NoticeType, Wanted } from "./delivery.ts";
import { PLATFORM_TRAITS } from "./platform-trait.ts";
import { isSaidUnknown, noted, wantedIssue } from "./timeline.ts";

/** A code must not be on its way when its transaction ends: the last moment is this much before it. */
export const CODE_MARGIN_MS = 20_000;
/** Outcomes and alerts are worth showing for a day. */
export const TOLD_WITHIN_MS: number = 24 * 3_600_000;

/** Notices that leave the code in the message. */
const KEEPS_CODE: readonly NoticeType[] = ["WRONG_CODE", "RESENT", "LAST_WARNING"];

export function keepsCode(notice: Notice): boolean {
  return KEEPS_CODE.includes(notice.type);
}

export interface NewDelivery {
  readonly deliveryId: HexId;
  readonly txId: HexId | undefined;
  readonly type: "prompt" | "alert";
  readonly wanted: Wanted;
  readonly notAfter: UnixMs;
  readonly fallbackAt: UnixMs | undefined;
  /** Attempts are told in this order; now, if it is left out. */
  readonly createdAt?: UnixMs;
}

/** The first wish for a chat. The link must have been claimed. */
export function firstWish(link: Link, fresh: NewDelivery, now: UnixMs): Delivery {
  const { botId, peerId } = link;
  if (botId === undefined || peerId === undefined) throw new Error(`link ${link.linkId}: no chat has claimed it`);
  const delivery: Delivery = {
    createdAt: now,
    ...fresh,
    tenantId: link.tenantId,
    userId: link.userId,
    linkId: link.linkId,
    botId,
    platform: link.platform,
    peerId,
    wish: 1,
    shown: 0,
    providerId: undefined,
    shownIssue: undefined,
    mayHoldCode: false,
    state: "QUEUED",
    reason: undefined,
    attempts: 0,
    unknowns: 0,
    retryAt: now,
    fence: 0,
    updatedAt: now,
  };
  return noted(delivery, "QUEUED", now, { issue: wantedIssue(delivery) });
}

/**
 * A newer wish takes the place of the older one, shown or not. What is in flight is reported later and changes nothing
 * of it; that a code may have left with it stays known.
 */
export function nextWish(
  delivery: Delivery,
  wanted: Wanted,
  times: { notAfter: UnixMs; fallbackAt?: UnixMs },
  now: UnixMs,
): Delivery {
  const { observed: _earlier, ...held } = delivery;
  const next: Delivery = {
    ...held,
    wanted,
    wish: delivery.wish + 1,
    state: "QUEUED",
    reason: undefined,
    mayHoldCode: mayHoldCodeAfter(delivery),
    attempts: 0,
    unknowns: 0,
    retryAt: now,
    notAfter: times.notAfter,
    fallbackAt: times.fallbackAt,
    updatedAt: now,
  };
  return noted(next, "QUEUED", now, { issue: wantedIssue(next) });
}

/** Nothing is wanted any more in a chat that shows nothing of the transaction. */
export function withdrawn(delivery: Delivery, reason: DeliveryReason, now: UnixMs): Delivery {
  const known = noted(delivery, "WITHDRAWN", now, { issue: wantedIssue(delivery), reason });
  return { ...known, state: "WITHDRAWN", reason, retryAt: undefined, fallbackAt: undefined, updatedAt: now };
}

/** No further try; the state tells what is known of the code: seen, perhaps seen, certainly not. */
export function givenUp(delivery: Delivery, reason: DeliveryReason, now: UnixMs): Delivery {
  const knows: Delivery = { ...delivery, retryAt: undefined, updatedAt: now };
  const issue = wantedIssue(delivery);
  const type = isChannelReason(reason) ? "FAILED" : "WITHDRAWN";
  if (delivery.wanted.phase !== "full" || !delivery.mayHoldCode) {
    return { ...noted(knows, type, now, { issue, reason }), state: "FAILED", reason };
  }
  // About no code: the one that is wanted stands there, a later text around it was given up.
  if (showsIssue(delivery)) {
    return { ...noted(knows, type, now, { issue: 0, reason }), state: "SENT", reason: undefined };
  }
  const said = type === "FAILED" && isSaidUnknown(knows);
  const told = said ? knows : noted(knows, type === "FAILED" ? "UNKNOWN" : type, now, { issue, reason });
  return { ...told, state: "UNKNOWN", reason };
}

/** Whether the code that is wanted stands in the chat, whatever became of later edits. */
export function showsIssue(delivery: Delivery): boolean {
  const { wanted, shownIssue, receipt } = delivery;
  if (wanted.phase !== "full" || shownIssue === undefined || receipt === "lost") return false;
  return shownIssue.epoch === wanted.issue.epoch && shownIssue.n === wanted.issue.n;
}

/** Whether the chat shows something of the transaction, or may: then the outcome has to take its place. */
export function isTouched(delivery: Delivery): boolean {
  return delivery.providerId !== undefined || delivery.mayHoldCode || delivery.state === "SENDING";
}

/** What the bot is handed next, or undefined when the chat shows what is wanted. */
export type HandPhase = "notice" | "full" | "outcome" | "alert";
export function handPhase(delivery: Delivery): HandPhase | undefined {
  if (delivery.shown >= delivery.wish) return undefined;
  const { phase } = delivery.wanted;
  if (phase !== "full") return phase;
  return PLATFORM_TRAITS[delivery.platform].edits && delivery.providerId === undefined ? "notice" : "full";
}

/** Whether a code stands in the chat, or may, once what is at the bot now is told of no more. */
export function mayHoldCodeAfter(delivery: Delivery): boolean {
  return delivery.mayHoldCode || (delivery.state === "SENDING" && handPhase(delivery) === "full");
}

/** The channel failed, rather than that nobody wanted the message any more. */
function isChannelReason(reason: DeliveryReason): boolean {
  return CHANNEL_REASONS.some((one) => one === reason);
}
