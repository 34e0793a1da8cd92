import { t } from "@countersign/pages";
import type { AuditEvent } from "@countersign/proto/web/admin/v1/audit_service";
import type { JSX } from "preact";
import { audit } from "../../connection/core.ts";
import { route } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { type Filter, FilterForm } from "../../ui/filter-form.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { beginningOf, endOf } from "../state/day.ts";
import { EventFacts } from "../state/event-facts.tsx";
import { eventWords } from "../state/event-words.ts";
import { LiveEvents } from "../state/live-events.tsx";
import { SubjectLink } from "../state/subject-link.tsx";
import { idOf } from "../state/tail.ts";
import { Heads } from "./heads.tsx";

/** What happened and who did it; where the chains stand; how it is checked. */
export function AuditPage(): JSX.Element {
  const { query } = route.value;
  return (
    <Page title={t("nav-audit")} lead={t("audit-lead")}>
      <FilterForm filters={filters()} />
      <DataTable
        caption={t("audit-caption")}
        columns={columns()}
        rowKey={idOf}
        load={load}
        of={JSON.stringify(query)}
        empty={t("audit-none")}
      />
      <details>
        <summary>{t("audit-live")}</summary>
        <LiveEvents label={t("audit-live")} event={query["event"] ?? ""} />
      </details>
      <Heads />
    </Page>
  );
}

async function load(pageToken: string, signal: AbortSignal): Promise<Rows<AuditEvent>> {
  const { event = "", actor = "", subject = "", after = "", before = "" } = route.value.query;
  const days = { after: beginningOf(after), before: endOf(before) };
  const request = { tenantId: tenantId.value, event, actor, subject, ...days, pageToken };
  const { events, nextPageToken } = await audit.list(request, { signal });
  return { rows: events, nextPageToken };
}

function filters(): readonly Filter[] {
  return [
    { name: "event", label: t("audit-event-begins"), type: "text" },
    { name: "actor", label: t("audit-actor"), type: "text" },
    { name: "subject", label: t("audit-subject"), type: "text" },
    { name: "after", label: t("audit-after"), type: "date" },
    { name: "before", label: t("audit-before"), type: "date" },
  ];
}

function columns(): readonly Column<AuditEvent>[] {
  return [
    { id: "event", header: t("audit-event"), cell: EventOf, isHeader: true },
    { id: "who", header: t("audit-who-what"), cell: WhoAndWhat },
    { id: "when", header: t("audit-when"), cell: ({ at }) => <TimeText at={at} /> },
    { id: "facts", header: t("audit-facts"), cell: ({ detailJson }) => <EventFacts detailJson={detailJson} /> },
  ];
}

function WhoAndWhat({ actor, subject }: AuditEvent): JSX.Element {
  return (
    <span class="stacked">
      <span dir="auto">{actor}</span>
      <SubjectLink subject={subject} />
    </span>
  );
}

function EventOf({ event, shard, seq, index }: AuditEvent): JSX.Element {
  const words = eventWords(event);
  return (
    <span class="stacked">
      {words !== event && words}
      <code dir="ltr">{event}</code>
      <small>
        {t("audit-place")}{" "}
        <bdi dir="ltr">
          {shard} · {String(seq)}.{index}
        </bdi>
      </small>
    </span>
  );
}
