import { t } from "@countersign/pages";
import type { Delivery } from "@countersign/proto/web/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/web/core/v1/code_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { route } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { FilterForm, type Filter } from "../../ui/filter-form.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { DeliveryStateOf } from "../state/state-of.tsx";
import { PLATFORMS } from "../state/platforms.ts";
import { useVersion } from "../../ui/use-version.ts";
import { NoCodeForm } from "./no-code-form.tsx";
import { type About, WhyPage } from "./why-page.tsx";

/** What `rest` is where it is asked why no code came. */
export const WHY = "why";

/** Messages of open transactions; behind `why` the answer to "no code came". */
export function DeliveriesPage(): JSX.Element {
  const { rest, query } = route.value;
  const { user = "", transaction = "" } = query;
  const about: About | undefined =
    transaction !== ""
      ? { $case: "transactionId", value: transaction }
      : user !== ""
        ? { $case: "userId", value: user }
        : undefined;
  if (rest === WHY && about !== undefined) return <WhyPage key={about.value} about={about} />;
  return <DeliveryList />;
}

const LOOK_AGAIN_MS = 5_000;

function DeliveryList(): JSX.Element {
  const { query } = route.value;
  const [version, raise] = useVersion();
  const [again, setAgain] = useState<Delivery | undefined>(undefined);
  const load = async (pageToken: string, signal: AbortSignal): Promise<Rows<Delivery>> => {
    const { state = "", platform = "", user: userId = "" } = query;
    const states = STATES.filter((each) => String(each) === state);
    const request = { tenantId: tenantId.value, userId, states, platform, pageToken };
    const { deliveries, nextPageToken } = await admin.listDeliveries(request, { signal });
    return { rows: deliveries, nextPageToken };
  };
  return (
    <Page title={t("nav-deliveries")} lead={t("deliveries-lead")} acts="stop">
      <NoCodeForm />
      <FilterForm filters={filters()} />
      <DataTable
        caption={t("deliveries-caption")}
        columns={columns(setAgain)}
        rowKey={({ transactionId, attempt }) => `${transactionId} ${attempt?.linkId}`}
        load={load}
        of={JSON.stringify(query)}
        empty={t("deliveries-none")}
        version={version}
        everyMs={LOOK_AGAIN_MS}
      />
      {again !== undefined && (
        <Requeue
          delivery={again}
          onClose={() => {
            setAgain(undefined);
            raise();
          }}
        />
      )}
    </Page>
  );
}

const STATES: readonly DeliveryState[] = [
  ...[DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT],
  ...[DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.WITHDRAWN],
];

function filters(): readonly Filter[] {
  const all = { value: "", words: t("page-all") };
  const states = STATES.map((state) => ({ value: String(state), words: t(`delivery-${state}`) }));
  const platforms = PLATFORMS.map((each) => ({ value: each, words: each }));
  return [
    { name: "state", label: t("page-state"), type: "select", options: [all, ...states] },
    { name: "platform", label: t("page-platform"), type: "select", options: [all, ...platforms] },
    { name: "user", label: t("page-user"), type: "text" },
  ];
}

function columns(ask: (delivery: Delivery) => void): readonly Column<Delivery>[] {
  return [
    { id: "user", header: t("page-user"), cell: UserOf, isHeader: true },
    { id: "platform", header: t("page-platform"), cell: ({ attempt }) => attempt?.platform },
    { id: "state", header: t("page-state"), cell: StandingOf },
    { id: "at", header: t("deliveries-at"), cell: ({ attempt }) => <TimeText at={attempt?.at} /> },
    { id: "until", header: t("deliveries-until"), cell: ({ notAfter }) => <TimeText at={notAfter} /> },
    { id: "actions", header: t("page-actions"), cell: (delivery) => <Actions delivery={delivery} ask={ask} /> },
  ];
}

function UserOf({ userId, transactionId }: Delivery): JSX.Element {
  return (
    <span class="stacked">
      <a href={formatRoute({ page: "users", rest: userId })} dir="auto">
        {userId}
      </a>
      <a class="fine" href={formatRoute({ page: "transactions", rest: transactionId })}>
        {t("page-transaction")} <code dir="ltr">{transactionId}</code>
      </a>
    </span>
  );
}

function StandingOf({ attempt }: Delivery): JSX.Element | null {
  if (attempt === undefined) return null;
  return (
    <span class="stacked">
      <DeliveryStateOf state={attempt.state} />
      {attempt.reason !== "" && <code dir="ltr">{attempt.reason}</code>}
      {attempt.issue > 1 && (
        <small>
          {t("deliveries-attempt")} {attempt.issue}
        </small>
      )}
    </span>
  );
}

function Actions({ delivery, ask }: { delivery: Delivery; ask: (delivery: Delivery) => void }): JSX.Element {
  const { transactionId, userId, attempt, canRequeue } = delivery;
  return (
    <span class="row-actions">
      <a href={formatRoute({ page: "deliveries", rest: WHY, query: { transaction: transactionId } })}>
        {t("page-why")}
      </a>
      {canRequeue && (
        <Allowed to="stop">
          <button
            type="button"
            class="secondary outline small"
            aria-label={t("deliveries-requeue-of", { platform: attempt?.platform ?? "", user: userId })}
            onClick={() => ask(delivery)}
          >
            {t("deliveries-requeue")}
          </button>
        </Allowed>
      )}
    </span>
  );
}

function Requeue({ delivery, onClose }: { delivery: Delivery; onClose: () => void }): JSX.Element {
  const { transactionId, attempt } = delivery;
  const request = { tenantId: tenantId.value, transactionId, linkId: attempt?.linkId ?? "" };
  return (
    <ConfirmStop
      title={t("deliveries-requeue-title")}
      verb={t("deliveries-requeue")}
      onStop={async () => void (await admin.requeueDelivery(request))}
      onClose={onClose}
    >
      <p>{t("deliveries-requeue-means")}</p>
    </ConfirmStop>
  );
}
