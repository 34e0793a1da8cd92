import { type WebhookDelivery, WebhookDeliveryState } from "@countersign/proto/web/admin/v1/webhook_service";

/** How it goes with an endpoint, by its newest messages. */
export interface LastTries {
  /** The newest that arrived. */
  readonly arrived: WebhookDelivery | undefined;
  /** One that did not: it is tried again, or was given up after `arrived`. */
  readonly failing: WebhookDelivery | undefined;
}

/** Reads ListDeliveries of all states. */
export function lastTriesIn(deliveries: readonly WebhookDelivery[]): LastTries {
  const newest = (state: WebhookDeliveryState): WebhookDelivery | undefined =>
    deliveries.find((delivery) => delivery.state === state);
  const arrived = newest(WebhookDeliveryState.DELIVERED);
  const retried = deliveries.find(({ state, attempts }) => state === WebhookDeliveryState.PENDING && attempts > 0);
  const dead = newest(WebhookDeliveryState.DEAD);
  const isOld = arrived !== undefined && secondsOf(dead) < secondsOf(arrived);
  return { arrived, failing: retried ?? (isOld ? undefined : dead) };
}

function secondsOf(delivery: WebhookDelivery | undefined): bigint {
  return delivery?.at?.seconds ?? 0n;
}

/** The last answer, as the core keeps it: `5xx (503)`, `timeout`; "": there was none. */
export function resultOf({ lastResult, lastStatus }: WebhookDelivery): string {
  return lastStatus === 0 ? lastResult : `${lastResult} (${lastStatus})`;
}
