import { t } from "@countersign/pages";
import type { AdminServiceGetSummaryResponse } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { useLookAgain } from "../../ui/use-look-again.ts";
import { LiveEvents } from "../state/live-events.tsx";
import { MinutesChart } from "./minutes-chart.tsx";
import { Needs } from "./needs.tsx";
import { OpenByState } from "./open-by-state.tsx";
import { Times } from "./times.tsx";

const LOOK_AGAIN_MS = 10_000;

/** How a tenant fares, and what happens. */
export function OverviewPage(): JSX.Element {
  const { value, failure, loading, reload } = useLoad(askSummary, tenantId.value);
  useLookAgain(reload, LOOK_AGAIN_MS, loading);
  return (
    <Page title={t("nav-overview")} lead={t("overview-lead")}>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {value === undefined && failure === undefined && <p aria-busy="true">{t("loading")}</p>}
      {value !== undefined && <Summary summary={value} />}
      <h2>{t("overview-live")}</h2>
      <LiveEvents label={t("overview-live")} />
    </Page>
  );
}

function askSummary(signal: AbortSignal): Promise<AdminServiceGetSummaryResponse> {
  return admin.getSummary({ tenantId: tenantId.value }, { signal });
}

function Summary({ summary }: { summary: AdminServiceGetSummaryResponse }): JSX.Element {
  const { index, at } = summary;
  const isWhole = index === undefined || index.read >= index.of;
  return (
    <>
      {!isWhole && <p class="note">{t("overview-reading", { read: index.read, of: index.of })}</p>}
      <Needs summary={summary} />
      {isWhole && (
        <>
          <div class="tiles">
            <OpenByState open={summary.open} />
            <Times summary={summary} />
          </div>
          <MinutesChart minutes={summary.minutes} />
        </>
      )}
      <p class="fine">
        {t("overview-as-of")} <TimeText at={at} />
      </p>
    </>
  );
}
