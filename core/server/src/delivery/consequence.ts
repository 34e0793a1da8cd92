// Pure: what else the same commit does when a delivery changed.
import { lossWrites, type ChannelLoss } from "../identity/channel-loss.ts";
import type { Link } from "../identity/link.ts";
import type { UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { Case } from "../transaction/case.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { Delivery } from "./delivery.ts";
import { deliveryWrite } from "./delivery-index.ts";
import { isAsked, isUndeliverable, nextChannel, type Channels } from "./next-channel.ts";
import { showsIssue } from "./wish.ts";

export interface Consequence {
  readonly writes: readonly AnyWrite[];
  /**
   * The issue that no chat took: the caller tells the machine after the commit; a crash before that is made good by the
   * delivery's `due`.
   */
  readonly undeliverable: Transaction["issue"] | undefined;
}

/** What else is known: the transaction's case, absent for an alert of none; that the channel is lost, with the user's links. */
export interface Seen {
  readonly held: Case | undefined;
  readonly lost?: { readonly loss: ChannelLoss; readonly links: readonly LoadedEntity<"link">[] } | undefined;
}

/** The case was loaded after the delivery and has another version of it: judged by halves it would be written twice. */
export function isOvertaken({ key, version }: LoadedEntity<"delivery">, held: Case | undefined): boolean {
  return held?.deliveries.some((one) => one.key.id === key.id && one.version !== version) === true;
}

/**
 * The writes for one changed delivery: itself, its link and what the other channels are told when the provider says the
 * chat is gone or somebody else's, and the next channel when this one failed or took too long.
 */
export function consequenceOf(
  loaded: LoadedEntity<"delivery">,
  changed: Delivery,
  seen: Seen,
  now: UnixMs,
): Consequence {
  const { lost } = seen;
  const loss = lost === undefined ? [] : lossWrites(lost.links, changed.linkId, lost.loss, now);
  const transaction = seen.held?.transaction.body;
  if (seen.held === undefined || transaction === undefined || !wantsNext(changed, seen.held, transaction, now)) {
    const rests = transaction !== undefined && isOfEarlierIssue(changed, transaction);
    const body = rests ? { ...changed, fallbackAt: undefined } : changed;
    return { writes: [deliveryWrite(loaded, body, now), ...loss], undeliverable: undefined };
  }
  const channels = after(seen.held, transaction, changed, loss);
  const next = nextChannel(channels, now);
  const undeliverable = next === undefined && isUndeliverable(channels) ? transaction.issue : undefined;
  // Kept due until the machine was told; otherwise the next channel was asked, or there is none left to ask.
  const settled = { ...changed, fallbackAt: undefined };
  const own = deliveryWrite(loaded, undeliverable !== undefined ? { ...changed, fallbackAt: now } : settled, now);
  const more = next?.writes ?? [];
  // The next may be this very chat, with the newer code: then that is what is written of it.
  const isOwn = more.some(({ key }) => key.type === "delivery" && key.id === loaded.key.id);
  return { writes: [...(isOwn ? [] : [own]), ...loss, ...more], undeliverable };
}

/**
 * The code is not in this chat: it failed there, or the channel's time is up. What becomes of an earlier code matters only
 * where no chat was asked with the current one: otherwise that chat's own time decides who is next.
 */
function wantsNext(delivery: Delivery, { deliveries }: Case, transaction: Transaction, now: UnixMs): boolean {
  if (transaction.state !== "PENDING" || delivery.wanted.phase !== "full" || showsIssue(delivery)) return false;
  const isBehind = isOfEarlierIssue(delivery, transaction) && deliveries.some(({ body }) => isAsked(body, transaction));
  if (isBehind) return false;
  return delivery.state === "FAILED" || (delivery.fallbackAt !== undefined && delivery.fallbackAt <= now);
}

/** It failed before the current code was issued, which it is not to show yet. */
function isOfEarlierIssue(delivery: Delivery, transaction: Transaction): boolean {
  return delivery.wanted.phase === "full" && !isAsked(delivery, transaction);
}

/** The case as this commit leaves it; versions stay those that were loaded. */
function after(held: Case, transaction: Transaction, changed: Delivery, loss: readonly AnyWrite[]): Channels {
  return {
    transaction,
    links: held.links.map((link) => {
      const lost = loss.find(({ key }) => key.type === "link" && key.id === link.key.id);
      return lost === undefined ? link : { ...link, body: lost.body as Link };
    }),
    deliveries: held.deliveries.map((delivery) =>
      delivery.key.id === changed.deliveryId ? { ...delivery, body: changed } : delivery,
    ),
  };
}
