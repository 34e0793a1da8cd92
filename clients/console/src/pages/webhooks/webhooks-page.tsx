import { t } from "@countersign/pages";
import type { Webhook } from "@countersign/proto/web/admin/v1/webhook_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { webhooks } from "../../connection/core.ts";
import { whoAmI } from "../../shell/me.ts";
import { formatRoute } from "../../shell/route.ts";
import { route } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { useVersion } from "../../ui/use-version.ts";
import { type LastTries, lastTriesIn, resultOf } from "./last-tries.ts";
import { NewWebhookDialog } from "./new-webhook-dialog.tsx";
import { WebhookPage } from "./webhook-page.tsx";
import { countText, WebhookState } from "./webhook-state.tsx";

/** Places outside that are told when a transaction moves; behind an id that one. */
export function WebhooksPage(): JSX.Element {
  const { rest } = route.value;
  return rest === "" ? <Endpoints /> : <WebhookPage key={rest} endpointId={rest} />;
}

const LOOK_AGAIN_MS = 10_000;

function Endpoints(): JSX.Element {
  const [version, raise] = useVersion();
  const [adds, setAdds] = useState(false);
  // Nobody is told of the administrators' own transactions.
  const isAdministration = whoAmI.value?.administrationTenantId === tenantId.value;
  const close = (): void => {
    setAdds(false);
    raise();
  };
  return (
    <Page title={t("nav-webhooks")} lead={t("webhooks-lead")} acts="change">
      {!isAdministration && (
        <Allowed to="change">
          <div class="page-actions">
            <button type="button" class="secondary" onClick={() => setAdds(true)}>
              {t("webhooks-new")}
            </button>
          </div>
        </Allowed>
      )}
      <DataTable
        caption={t("webhooks-caption")}
        columns={columns()}
        rowKey={({ webhook }) => webhook.endpointId}
        load={load}
        of={tenantId.value}
        empty={t(isAdministration ? "webhooks-administration" : "webhooks-none")}
        version={version}
        everyMs={LOOK_AGAIN_MS}
      />
      {adds && <NewWebhookDialog onClose={close} />}
    </Page>
  );
}

interface Endpoint extends LastTries {
  readonly webhook: Webhook;
}

/** Of each state so many: among those that wait for a try, one that failed stands near the front. */
const LOOKED_AT = 10;

/** A tenant has 16 at most: each is asked for its newest messages. */
async function load(_pageToken: string, signal: AbortSignal): Promise<Rows<Endpoint>> {
  const of = { tenantId: tenantId.value };
  const { webhooks: listed } = await webhooks.list(of, { signal });
  const withTries = async (webhook: Webhook): Promise<Endpoint> => {
    const request = { ...of, endpointId: webhook.endpointId, pageSize: LOOKED_AT };
    const { deliveries } = await webhooks.listDeliveries(request, { signal });
    return { webhook, ...lastTriesIn(deliveries) };
  };
  const byUrl = listed.toSorted((one, other) => (one.url < other.url ? -1 : 1));
  return { rows: await Promise.all(byUrl.map(withTries)), nextPageToken: "" };
}

function columns(): readonly Column<Endpoint>[] {
  return [
    { id: "url", header: t("webhooks-url"), cell: UrlOf, isHeader: true },
    { id: "state", header: t("page-state"), cell: ({ webhook }) => <WebhookState webhook={webhook} /> },
    { id: "arrived", header: t("webhooks-arrived"), cell: ArrivedOf },
    { id: "failing", header: t("webhooks-failing"), cell: FailingOf },
    { id: "waiting", header: t("webhooks-waiting"), cell: ({ webhook }) => countText(webhook.waiting) },
    { id: "dead", header: t("webhooks-dead"), cell: ({ webhook }) => countText(webhook.dead) },
  ];
}

function UrlOf({ webhook: { endpointId, url, description } }: Endpoint): JSX.Element {
  return (
    <span class="stacked">
      <a class="url" href={formatRoute({ page: "webhooks", rest: endpointId })} dir="ltr">
        {url}
      </a>
      {description !== "" && <small dir="auto">{description}</small>}
    </span>
  );
}

function ArrivedOf({ arrived }: Endpoint): JSX.Element {
  return arrived === undefined ? <>{t("webhooks-never")}</> : <TimeText at={arrived.at} />;
}

function FailingOf({ failing }: Endpoint): JSX.Element {
  if (failing === undefined) return <>{t("none")}</>;
  return (
    <span class="stacked">
      <code class="result" dir="ltr">
        {resultOf(failing)}
      </code>
      <small>{t("webhooks-tries", { count: failing.attempts })}</small>
    </span>
  );
}
