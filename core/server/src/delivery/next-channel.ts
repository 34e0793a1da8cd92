// Pure: the ordered fallback. docs/protocol/delivery.md section 5.
import type { Link } from "../identity/link.ts";
import { linkIndex } from "../identity/link-index.ts";
import type { UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { fallbackMoment } from "./channel-timeout.ts";
import type { Delivery } from "./delivery.ts";
import { deliveryWrite } from "./delivery-index.ts";
import { deliveryKey } from "./delivery-key.ts";
import { eligibleLinks } from "./eligible.ts";
import { CODE_MARGIN_MS, firstWish, nextWish, showsIssue } from "./wish.ts";

/** A transaction with the chats of its user and what was sent to them: as loaded, or as a change set will leave it. */
export interface Channels {
  readonly transaction: Transaction;
  /** In the user's order. */
  readonly links: readonly LoadedEntity<"link">[];
  /** One for each link, existing or not. */
  readonly deliveries: readonly LoadedEntity<"delivery">[];
}

/** The code goes to one more chat: its delivery, and the prompt counted at its link. */
export interface NextChannel {
  readonly link: Link;
  readonly writes: readonly AnyWrite[];
}

/**
 * The first channel, in the user's order, that may have the current code and was not asked yet. Failover stays inside
 * the issue: the same code. Undefined: there is none, no time left, or the code stands in a chat by now.
 */
export function nextChannel(channels: Channels, now: UnixMs): NextChannel | undefined {
  const { transaction, links, deliveries } = channels;
  const notAfter = transaction.expiresAt - CODE_MARGIN_MS;
  if (transaction.state !== "PENDING" || now > notAfter) return undefined;
  // The chat before it reported late: nobody needs another message, and some cost money.
  if (deliveries.some(({ body }) => isAsked(body, transaction) && body !== undefined && showsIssue(body)))
    return undefined;
  const eligible = eligibleLinks(transaction, existing(links), now);
  const [link, ...behind] = eligible.filter(({ linkId }) => !isAsked(deliveryOf(channels, linkId)?.body, transaction));
  if (link === undefined) return undefined;
  const key = deliveryKey(transaction.tenantId, transaction.txId, link.linkId);
  const loaded = deliveries.find((delivery) => delivery.key.id === key.id) ?? { key, version: "", body: undefined };
  const wanted = { phase: "full", issue: transaction.issue } as const;
  const fallbackAt = fallbackMoment(transaction.policy.channelTimeoutMs, behind.length, notAfter, now);
  const prompt = { deliveryId: key.id, txId: transaction.txId, type: "prompt" } as const;
  const body =
    loaded.body === undefined
      ? firstWish(link, { ...prompt, wanted, notAfter, fallbackAt, createdAt: afterOthers(deliveries, now) }, now)
      : { ...nextWish(loaded.body, wanted, { notAfter, fallbackAt }, now), providerId: undefined };
  return { link, writes: [deliveryWrite(loaded, body, now), ...countPrompt(links, link, transaction)] };
}

/** Whether every attempt to deliver the current code FAILED. One SENT or UNKNOWN keeps it PENDING until it expires. */
export function isUndeliverable(channels: Channels): boolean {
  const { transaction, deliveries } = channels;
  const attempts = deliveries.map(({ body }) => body).filter((body) => body !== undefined);
  const asked = attempts.filter((body) => isAsked(body, transaction));
  return (
    transaction.state === "PENDING" &&
    asked.length > 0 &&
    asked.every(({ state }) => state === "FAILED") &&
    !attempts.some(({ mayHoldCode }) => mayHoldCode)
  );
}

/** Attempts are told in the order in which they were made, also within one millisecond. */
function afterOthers(deliveries: readonly LoadedEntity<"delivery">[], now: UnixMs): UnixMs {
  return Math.max(now, ...deliveries.map(({ body }) => (body === undefined ? 0 : body.createdAt + 1)));
}

/** The prompts of a chat that nobody reacted to yet; a LINK's chat is no channel yet, and a THAW passes every pause. */
function countPrompt(links: readonly LoadedEntity<"link">[], link: Link, transaction: Transaction): AnyWrite[] {
  const loaded = links.find(({ key }) => key.id === link.linkId);
  if (loaded?.body === undefined || transaction.action !== undefined) return [];
  const body = { ...loaded.body, unanswered: loaded.body.unanswered + 1 };
  return [{ key: loaded.key, expected: loaded.version, body, index: linkIndex(body) }];
}

/** Whether this chat is to show the current code, or was. */
export function isAsked(delivery: Delivery | undefined, transaction: Transaction): boolean {
  if (delivery?.wanted.phase !== "full") return false;
  const { issue } = delivery.wanted;
  return issue.epoch === transaction.issue.epoch && issue.n === transaction.issue.n;
}

export function deliveryOf(
  channels: { readonly deliveries: readonly LoadedEntity<"delivery">[] },
  linkId: string,
): LoadedEntity<"delivery"> | undefined {
  return channels.deliveries.find(({ body }) => body?.linkId === linkId);
}

function existing(links: readonly LoadedEntity<"link">[]): Link[] {
  return links.map(({ body }) => body).filter((body) => body !== undefined);
}
