// Pure: what else the same commit does when a delivery changed.
import { linkIndex } from "../identity/link-index.ts";
import type { UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { Case } from "../transaction/case.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { Delivery } from "./delivery.ts";
import { deliveryWrite } from "./delivery-index.ts";
import { isUndeliverable, nextChannel, type Channels } from "./next-channel.ts";
import { showsIssue } from "./wish.ts";

export interface Consequence {
  readonly writes: readonly AnyWrite[];
  /** The caller tells the machine after the commit; a crash before that is made good by the delivery's `due`. */
  readonly undeliverable: boolean;
}

/**
 * The writes for one changed delivery: itself, its link when the provider says the chat is gone, and the next channel
 * when this one failed or took too long. `held` is the transaction's case, absent for an alert of no transaction.
 */
export function consequenceOf(
  loaded: LoadedEntity<"delivery">,
  changed: Delivery,
  seen: { readonly held: Case | undefined; readonly chatGone: boolean },
  now: UnixMs,
): Consequence {
  const dead = seen.chatGone ? deadLink(seen.held, changed) : [];
  const transaction = seen.held?.transaction.body;
  if (seen.held === undefined || transaction === undefined || !wantsNext(changed, transaction, now)) {
    return { writes: [deliveryWrite(loaded, changed, now), ...dead], undeliverable: false };
  }
  const channels = after(seen.held, transaction, changed, dead);
  const next = nextChannel(channels, now);
  const undeliverable = next === undefined && isUndeliverable(channels);
  // Kept due until the machine was told; otherwise the next channel was asked, or there is none left to ask.
  const settled = { ...changed, fallbackAt: undefined };
  const own = deliveryWrite(loaded, undeliverable ? { ...changed, fallbackAt: now } : settled, now);
  return { writes: [own, ...dead, ...(next?.writes ?? [])], undeliverable };
}

/** The code is not in this chat: it failed there, or the channel's time is up. */
function wantsNext(delivery: Delivery, transaction: Transaction, now: UnixMs): boolean {
  if (transaction.state !== "PENDING" || delivery.wanted.phase !== "full" || showsIssue(delivery)) return false;
  return delivery.state === "FAILED" || (delivery.fallbackAt !== undefined && delivery.fallbackAt <= now);
}

function deadLink(held: Case | undefined, delivery: Delivery): AnyWrite[] {
  const link = held?.links.find(({ key }) => key.id === delivery.linkId);
  if (link?.body?.state !== "LINKED") return [];
  const body = { ...link.body, state: "DEAD" } as const;
  return [{ key: link.key, expected: link.version, body, index: linkIndex(body) }];
}

/** The case as this commit leaves it; versions stay those that were loaded. */
function after(held: Case, transaction: Transaction, changed: Delivery, dead: readonly AnyWrite[]): Channels {
  const gone = new Set(dead.map(({ key }) => key.id));
  return {
    transaction,
    links: held.links.map((link) =>
      gone.has(link.key.id) && link.body !== undefined ? { ...link, body: { ...link.body, state: "DEAD" } } : link,
    ),
    deliveries: held.deliveries.map((delivery) =>
      delivery.key.id === changed.deliveryId ? { ...delivery, body: changed } : delivery,
    ),
  };
}
