import type { UnixMs } from "../store/entity.ts";
import type { AnyWrite, Index, LoadedEntity } from "../store/store.ts";
import type { Delivery } from "./delivery.ts";

/** A bot that was handed a message and says nothing for so long is taken to have left it with an unknown fate. */
export const REPORT_WITHIN_MS = 30_000;

/** Whether the chat does not show what is wanted and may still be brought to it. */
export function isOpen(delivery: Delivery): boolean {
  return delivery.shown < delivery.wish && delivery.retryAt !== undefined;
}

/**
 * How a delivery is found: in its bot's lane while it may be handed out now or was (a restart finds it there), and by
 * its next moment: the retry, the missing report, the next channel, the end.
 */
export function indexOf(delivery: Delivery, now: UnixMs): Index {
  const { retryAt } = delivery;
  const open = isOpen(delivery);
  const waits = retryAt !== undefined && retryAt > now && delivery.state !== "SENDING";
  const moments = [
    delivery.fallbackAt,
    open ? delivery.notAfter + 1 : undefined,
    open && waits ? retryAt : undefined,
    open && delivery.state === "SENDING" ? delivery.updatedAt + REPORT_WITHIN_MS : undefined,
  ].filter((moment) => moment !== undefined);
  return {
    owner: delivery.txId ?? delivery.userId,
    sort: delivery.createdAt,
    ...(open && !waits ? { lane: delivery.botId } : {}),
    ...(moments.length > 0 ? { due: Math.min(...moments) } : {}),
  };
}

/** A delivery's new body as a write of the entity that was loaded. */
export function deliveryWrite(loaded: LoadedEntity<"delivery">, body: Delivery, now: UnixMs): AnyWrite {
  return { key: loaded.key, expected: loaded.version, body, index: indexOf(body, now) };
}
