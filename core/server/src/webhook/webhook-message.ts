import {
  Webhook as WebhookMessage,
  WebhookDelivery as DeliveryMessage,
  WebhookDeliveryState,
} from "@countersign/proto/node/admin/v1/webhook_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { countDeliveries, progressOf } from "./find.ts";
import { LONGEST_PAUSE_MS } from "./retry.ts";
import { isStill } from "./still.ts";
import type { Webhook, WebhookDelivery } from "./webhook.ts";

export async function tellWebhook(given: CoreGiven, webhook: Webhook): Promise<WebhookMessage> {
  const { endpointId, tenantId, url, events, description, createdAt, generation, previousUntil, paused, goneAt } =
    webhook;
  const isOverlap = previousUntil !== undefined && given.store.now() < previousUntil;
  const { quietUntil } = (await progressOf(given, endpointId)) ?? {};
  const isQuiet = quietUntil !== undefined && isStill(quietUntil, given.store.now(), LONGEST_PAUSE_MS);
  return WebhookMessage.create({
    ...{ endpointId, tenantId, url, events: [...events], description, paused, generation },
    createdAt: timestampOf(createdAt),
    previousUntil: isOverlap ? timestampOf(previousUntil) : undefined,
    waiting: await countDeliveries(given, endpointId, "PENDING"),
    dead: await countDeliveries(given, endpointId, "DEAD"),
    goneAt: goneAt === undefined ? undefined : timestampOf(goneAt),
    quietUntil: isQuiet ? timestampOf(quietUntil) : undefined,
  });
}

export const DELIVERY_STATE: Readonly<Record<WebhookDelivery["state"], WebhookDeliveryState>> = {
  PENDING: WebhookDeliveryState.PENDING,
  DEAD: WebhookDeliveryState.DEAD,
  DELIVERED: WebhookDeliveryState.DELIVERED,
};

export function deliveryMessage({
  event,
  state,
  attempts,
  at,
  lastResult,
  lastStatus,
}: WebhookDelivery): DeliveryMessage {
  return DeliveryMessage.create({
    ...{ webhookId: event.id, type: event.type, transactionId: event.transactionId, test: event.test },
    ...{ state: DELIVERY_STATE[state], attempts, lastResult, lastStatus },
    ...{ happenedAt: timestampOf(event.at), at: timestampOf(at) },
  });
}
