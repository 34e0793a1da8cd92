import { t } from "@countersign/pages";
import { type Webhook, WebhookDeliveryState } from "@countersign/proto/web/admin/v1/webhook_service";
import type { JSX } from "preact";
import { StateBadge, type Tone } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";

/** Whether it is told, and what its receiver wished where that is why not. */
export function WebhookState({ webhook: { paused, goneAt, quietUntil } }: { webhook: Webhook }): JSX.Element {
  return (
    <span class="stacked">
      {paused ? (
        <StateBadge tone="waiting">{t("webhooks-paused")}</StateBadge>
      ) : (
        <StateBadge tone="good">{t("webhooks-running")}</StateBadge>
      )}
      {paused && goneAt !== undefined && (
        <small>
          {t("webhooks-gone")} <TimeText at={goneAt} />
        </small>
      )}
      {!paused && quietUntil !== undefined && (
        <small>
          {t("webhooks-quiet")} <TimeText at={quietUntil} />
        </small>
      )}
    </span>
  );
}

const TONES: { readonly [S in WebhookDeliveryState]?: Tone } = {
  [WebhookDeliveryState.PENDING]: "waiting",
  [WebhookDeliveryState.DELIVERED]: "good",
  [WebhookDeliveryState.DEAD]: "bad",
};

/** What became of a message. */
export function DeliveryStateBadge({ state }: { state: WebhookDeliveryState }): JSX.Element {
  return <StateBadge tone={TONES[state] ?? "plain"}>{t(`webhooks-delivery-${state}`)}</StateBadge>;
}

/** The core counts up to here. */
const COUNTED = 1000;

/** How many there are, as far as the core counts. */
export function countText(count: number): string {
  return count >= COUNTED ? t("webhooks-many") : String(count);
}
