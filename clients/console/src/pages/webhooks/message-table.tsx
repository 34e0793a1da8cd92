import { t } from "@countersign/pages";
import {
  type Webhook,
  type WebhookDelivery,
  WebhookDeliveryState,
} from "@countersign/proto/web/admin/v1/webhook_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { webhooks } from "../../connection/core.ts";
import { me } from "../../shell/me.ts";
import { hasRight } from "../../shell/right.ts";
import { formatRoute } from "../../shell/route.ts";
import { route } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { type Filter, FilterForm } from "../../ui/filter-form.tsx";
import { IdText } from "../../ui/id-text.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { resultOf } from "./last-tries.ts";
import { DeliveryStateBadge } from "./webhook-state.tsx";

interface MessageTableProps {
  readonly webhook: Webhook;
  readonly version: number;
  readonly onChanged: () => void;
}

const LOOK_AGAIN_MS = 5_000;
/** Of each state. */
const PAGE_SIZE = 50;

/** What became of the messages to an endpoint; what was given up is told again from here. */
export function MessageTable({ webhook, version, onChanged }: MessageTableProps): JSX.Element {
  const [asked, setAsked] = useState<WebhookDelivery | undefined>(undefined);
  const { endpointId } = webhook;
  const { query } = route.value;
  const load = async (_pageToken: string, signal: AbortSignal): Promise<Rows<WebhookDelivery>> => {
    const state = STATES.find((each) => String(each) === query["state"]) ?? WebhookDeliveryState.UNSPECIFIED;
    const request = { tenantId: tenantId.value, endpointId, state, pageSize: PAGE_SIZE };
    const { deliveries } = await webhooks.listDeliveries(request, { signal });
    return { rows: deliveries, nextPageToken: "" };
  };
  const close = (): void => {
    setAsked(undefined);
    onChanged();
  };
  return (
    <section aria-labelledby="messages">
      <h2 id="messages">{t("webhooks-messages")}</h2>
      <p class="fine">{t("webhooks-kept")}</p>
      <FilterForm filters={filters()} />
      <DataTable
        caption={t("webhooks-messages-shown")}
        columns={columns(setAsked)}
        rowKey={({ webhookId }) => webhookId}
        load={load}
        of={JSON.stringify([endpointId, query])}
        empty={t("webhooks-no-messages")}
        version={version}
        everyMs={LOOK_AGAIN_MS}
      />
      {asked !== undefined && <Again webhook={webhook} delivery={asked} onClose={close} />}
    </section>
  );
}

const STATES: readonly WebhookDeliveryState[] = [
  ...[WebhookDeliveryState.PENDING, WebhookDeliveryState.DEAD, WebhookDeliveryState.DELIVERED],
];

function filters(): readonly Filter[] {
  const all = { value: "", words: t("page-all") };
  const states = STATES.map((state) => ({ value: String(state), words: t(`webhooks-delivery-${state}`) }));
  return [{ name: "state", label: t("page-state"), type: "select", options: [all, ...states] }];
}

function columns(ask: (delivery: WebhookDelivery) => void): readonly Column<WebhookDelivery>[] {
  const acts: Column<WebhookDelivery> = {
    ...{ id: "actions", header: t("page-actions"), cell: (delivery) => <Action delivery={delivery} ask={ask} /> },
  };
  return [
    { id: "event", header: t("webhooks-event"), cell: EventOf, isHeader: true },
    { id: "state", header: t("page-state"), cell: ({ state }) => <DeliveryStateBadge state={state} /> },
    { id: "tries", header: t("webhooks-tries-made"), cell: TriesOf },
    { id: "at", header: t("webhooks-at"), cell: AtOf },
    { id: "of", header: t("page-transaction"), cell: TransactionOf },
    ...(hasRight(me.value?.role, "stop") ? [acts] : []),
  ];
}

function EventOf({ type, test, webhookId }: WebhookDelivery): JSX.Element {
  return (
    <span class="stacked">
      <code dir="ltr">{type}</code>
      {test && <small>{t("webhooks-is-test")}</small>}
      <small>
        <IdText>{webhookId}</IdText>
      </small>
    </span>
  );
}

function TriesOf(delivery: WebhookDelivery): JSX.Element {
  const result = resultOf(delivery);
  return (
    <span class="stacked">
      {String(delivery.attempts)}
      {result !== "" && (
        <code class="result" dir="ltr">
          {result}
        </code>
      )}
    </span>
  );
}

function AtOf({ state, at }: WebhookDelivery): JSX.Element {
  return (
    <span class="stacked">
      <TimeText at={at} />
      {state === WebhookDeliveryState.PENDING && <small>{t("webhooks-next-try")}</small>}
    </span>
  );
}

/** Of a test there is none. */
function TransactionOf({ test, transactionId }: WebhookDelivery): JSX.Element {
  if (test) return <>{t("none")}</>;
  return (
    <a href={formatRoute({ page: "transactions", rest: transactionId })}>
      <code dir="ltr">{transactionId}</code>
    </a>
  );
}

interface ActionProps {
  readonly delivery: WebhookDelivery;
  readonly ask: (delivery: WebhookDelivery) => void;
}

/** What waits is told anyway. */
function Action({ delivery, ask }: ActionProps): JSX.Element | null {
  const { state, webhookId } = delivery;
  if (state === WebhookDeliveryState.PENDING) return null;
  return (
    <button
      type="button"
      class="secondary outline small"
      aria-label={t("webhooks-again-of", { message: webhookId })}
      onClick={() => ask(delivery)}
    >
      {t("webhooks-again")}
    </button>
  );
}

interface AgainProps {
  readonly webhook: Webhook;
  readonly delivery: WebhookDelivery;
  readonly onClose: () => void;
}

function Again({ webhook: { endpointId }, delivery: { webhookId, type }, onClose }: AgainProps): JSX.Element {
  const what = { $case: "webhookId", value: webhookId } as const;
  return (
    <ConfirmStop
      title={t("webhooks-again-title", { event: type })}
      verb={t("webhooks-again")}
      loosens
      onStop={async () => void (await webhooks.replay({ tenantId: tenantId.value, endpointId, what }))}
      onClose={onClose}
    >
      <p>{t("webhooks-again-means")}</p>
      <p>
        <IdText>{webhookId}</IdText>
      </p>
    </ConfirmStop>
  );
}
