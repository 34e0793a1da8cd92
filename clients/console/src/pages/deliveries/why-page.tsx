import { announce, t } from "@countersign/pages";
import type {
  AdminServiceExplainDeliveryResponse,
  ChannelFinding,
  TransactionFinding,
} from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { tenantId } from "../../shell/tenant.ts";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { StateOf } from "../state/state-of.tsx";
import { FindingNote } from "./finding-note.tsx";
import { reasonText } from "./finding-text.ts";

/** About whom, or about which transaction, it is asked. */
export type About = { readonly $case: "userId" | "transactionId"; readonly value: string };

/** Why no code came: the answer first, then each channel, then the newest transactions. */
export function WhyPage({ about }: { about: About }): JSX.Element {
  const ask = (signal: AbortSignal): Promise<AdminServiceExplainDeliveryResponse> =>
    admin.explainDelivery({ tenantId: tenantId.value, about }, { signal });
  const { value, failure, loading, reload } = useLoad(ask, JSON.stringify(about));
  useEffect(() => {
    if (value?.finding !== undefined) announce(reasonText(value.finding));
  }, [value]);
  const isUser = about.$case === "userId";
  const title = isUser ? t("deliveries-why-title", { user: about.value }) : t("deliveries-why-transaction");
  return (
    <Page title={title}>
      <p>
        <a href={formatRoute({ page: "deliveries" })}>{t("page-back")}</a>
      </p>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {value === undefined && failure === undefined && <p aria-busy="true">{t("loading")}</p>}
      {value !== undefined && <Explained told={value} />}
      <div class="page-actions">
        <button type="button" class="secondary" aria-busy={loading} disabled={loading} onClick={reload}>
          {t("deliveries-ask-again")}
        </button>
      </div>
    </Page>
  );
}

function Explained({ told }: { told: AdminServiceExplainDeliveryResponse }): JSX.Element {
  const { userId, finding, channels, transactions } = told;
  return (
    <>
      <section class="answer" aria-labelledby="answer">
        <h2 id="answer">{t("deliveries-answer")}</h2>
        {finding !== undefined && <FindingNote finding={finding} userId={userId} />}
      </section>
      <section aria-labelledby="channels-now">
        <h2 id="channels-now">{t("deliveries-channels")}</h2>
        {channels.length === 0 ? (
          <p class="note">{t("deliveries-no-channels")}</p>
        ) : (
          <ChannelFindings channels={channels} userId={userId} />
        )}
      </section>
      <section aria-labelledby="newest">
        <h2 id="newest">{t("deliveries-newest")}</h2>
        {transactions.length === 0 && <p class="note">{t("deliveries-no-transactions")}</p>}
        {transactions.map((each) => (
          <OneTransaction key={each.transactionId} of={each} userId={userId} />
        ))}
      </section>
    </>
  );
}

function ChannelFindings({ channels, userId }: { channels: readonly ChannelFinding[]; userId: string }): JSX.Element {
  return (
    <ul class="cards">
      {channels.map(({ linkId, platform, finding }) => (
        <li key={linkId}>
          <strong>{platform}</strong>
          {finding !== undefined && <FindingNote finding={finding} userId={userId} />}
        </li>
      ))}
    </ul>
  );
}

function OneTransaction({ of, userId }: { of: TransactionFinding; userId: string }): JSX.Element {
  const { transactionId, state, createdAt, finding, channels } = of;
  return (
    <details class="card">
      <summary>
        <TimeText at={createdAt} /> <StateOf state={state} />
        {finding !== undefined && <> · {reasonText(finding)}</>}
      </summary>
      <p>
        <a href={formatRoute({ page: "transactions", rest: transactionId })}>
          {t("page-transaction")} <code dir="ltr">{transactionId}</code>
        </a>
      </p>
      <ChannelFindings channels={channels} userId={userId} />
    </details>
  );
}
