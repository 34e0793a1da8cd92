import { t } from "@countersign/pages";
import type { DeliveryState } from "@countersign/proto/web/core/v1/code_service";
import type { State } from "@countersign/proto/web/core/v1/content";
import type { JSX } from "preact";
import { StateBadge } from "../../ui/state-badge.tsx";
import { toneOfDelivery, toneOfState } from "./state-words.ts";

/** Where a transaction stands. */
export function StateOf({ state }: { state: State }): JSX.Element {
  return <StateBadge tone={toneOfState(state)}>{t(`state-${state}`)}</StateBadge>;
}

/** Where a message stands. */
export function DeliveryStateOf({ state }: { state: DeliveryState }): JSX.Element {
  return <StateBadge tone={toneOfDelivery(state)}>{t(`delivery-${state}`)}</StateBadge>;
}
