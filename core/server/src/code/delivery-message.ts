// A delivery as the relying party sees it: neither code nor text, no chat's id, no provider's.
import {
  DeliveryAttempt,
  DeliveryEvent,
  DeliveryEventType,
  DeliveryState,
} from "@countersign/proto/node/core/v1/code_service";
import type { Delivery } from "../delivery/delivery.ts";
import { timelineOf, type TimelineEvent } from "../delivery/timeline.ts";
import { timestampOf } from "../delivery/timestamp.ts";

export function attemptMessage(delivery: Delivery): DeliveryAttempt {
  const { platform, linkId, state, reason, wanted, shownIssue, updatedAt } = delivery;
  const issue = wanted.phase === "full" ? wanted.issue.n : (shownIssue?.n ?? 0);
  return DeliveryAttempt.create({
    platform,
    linkId,
    state: DeliveryState[state],
    reason: reason ?? "",
    issue,
    at: timestampOf(updatedAt),
    events: timelineOf(delivery).map((event) => eventMessage(delivery, event)),
  });
}

export function eventMessage({ deliveryId, platform, linkId }: Delivery, event: TimelineEvent): DeliveryEvent {
  const { sequence, type, at, issue, reason } = event;
  return DeliveryEvent.create({
    // The time tells apart what a lost master had under this number from what this one has.
    eventId: `${deliveryId.slice(0, 12)}-${sequence}-${at.toString(36)}`,
    type: DeliveryEventType[type],
    at: timestampOf(at),
    platform,
    linkId,
    reason: reason ?? "",
    issue,
  });
}
