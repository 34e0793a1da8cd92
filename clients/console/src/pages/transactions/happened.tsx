import { msOf, t } from "@countersign/pages";
import type { TransactionEvent } from "@countersign/proto/web/admin/v1/admin_service";
import type { DeliveryAttempt } from "@countersign/proto/web/core/v1/code_service";
import type { Happened } from "../../ui/timeline.tsx";
import { EventFacts } from "../state/event-facts.tsx";
import { eventWords } from "../state/event-words.ts";

/** What happened to a transaction and to its messages, in one row, oldest first. */
export function happenedOf(
  events: readonly TransactionEvent[],
  attempts: readonly DeliveryAttempt[],
): readonly Happened[] {
  const own = events.map(({ event, actor, at, detailJson, seq }) => ({
    id: `${seq} ${event}`,
    at,
    what: eventWords(event),
    actor,
    detail: <EventFacts detailJson={detailJson} />,
  }));
  const messages = attempts.flatMap((attempt) =>
    attempt.events.map(({ eventId, type, at, platform, reason }) => ({
      id: eventId,
      at,
      what: `${platform}: ${t(`delivery-event-${type}`)}`,
      detail: reason === "" ? undefined : <code dir="ltr">{reason}</code>,
    })),
  );
  return [...own, ...messages].toSorted((one, other) => msOr0(one) - msOr0(other));
}

function msOr0({ at }: Pick<Happened, "at">): number {
  return at === undefined ? 0 : msOf(at);
}
