import { findWords, t } from "@countersign/pages";
import { type Change, ChangeState } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { route } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { changeTone, changeWords } from "../../ui/change-words.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { type Filter, FilterForm } from "../../ui/filter-form.tsx";
import { Page } from "../../ui/page.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { ChangePage } from "./change-page.tsx";

const LOOK_AGAIN_MS = 5_000;

/** Changes; behind an id that one. */
export function ChangesPage(): JSX.Element {
  const { rest, query } = route.value;
  if (rest !== "") return <ChangePage key={rest} changeId={rest} />;
  return (
    <Page title={t("nav-changes")} lead={t("changes-lead")} acts="change">
      <FilterForm filters={filters()} />
      <DataTable
        caption={t("changes-caption")}
        columns={columns()}
        rowKey={({ changeId }) => changeId}
        load={load}
        of={JSON.stringify(query)}
        empty={t("changes-none")}
        everyMs={LOOK_AGAIN_MS}
      />
    </Page>
  );
}

const WAITING = "waiting";
const STATES = [
  ...[ChangeState.REQUESTED, ChangeState.PARTIAL, ChangeState.APPROVED, ChangeState.APPLIED],
  ...[ChangeState.REJECTED, ChangeState.EXPIRED, ChangeState.FAILED],
];

// All that he may see: what concerns the installation belongs to no tenant.
async function load(pageToken: string, signal: AbortSignal): Promise<Rows<Change>> {
  const { state = "", by: requestedBy = "", where = "" } = route.value.query;
  const states =
    state === WAITING ? [ChangeState.REQUESTED, ChangeState.PARTIAL] : STATES.filter((each) => String(each) === state);
  const request = { tenantId: where === "tenant" ? tenantId.value : "", states, requestedBy, pageToken };
  const { changes, nextPageToken } = await admin.listChanges(request, { signal });
  return { rows: changes, nextPageToken };
}

function filters(): readonly Filter[] {
  const all = { value: "", words: t("page-all") };
  const waiting = { value: WAITING, words: t("changes-waiting") };
  const states = STATES.map((state) => ({ value: String(state), words: stateName(state) }));
  const here = { value: "tenant", words: t("changes-here") };
  return [
    { name: "state", label: t("page-state"), type: "select", options: [all, waiting, ...states] },
    { name: "by", label: t("changes-who"), type: "text" },
    { name: "where", label: t("changes-where"), type: "select", options: [all, here] },
  ];
}

// "2 of 3 have signed" has no numbers here.
function stateName(state: ChangeState): string {
  return state === ChangeState.PARTIAL ? t("changes-partial") : t(`change-state-${state}`);
}

/** What a change does, in words; the core's own name where this page is older than the core. */
export function actionWords({ action }: Change): string {
  const name = action?.what?.$case ?? "";
  return findWords(`action-${name}`) ?? name;
}

function columns(): readonly Column<Change>[] {
  return [
    { id: "what", header: t("changes-what"), cell: WhatOf, isHeader: true },
    { id: "who", header: t("changes-who"), cell: ({ requestedBy }) => <span dir="auto">{requestedBy}</span> },
    {
      id: "state",
      header: t("page-state"),
      cell: (change) => <StateBadge tone={changeTone(change.state)}>{changeWords(change)}</StateBadge>,
    },
    { id: "level", header: t("changes-level"), cell: ({ level }) => t(`change-level-${level}`) },
    { id: "when", header: t("changes-when"), cell: ({ requestedAt }) => <TimeText at={requestedAt} /> },
  ];
}

function WhatOf(change: Change): JSX.Element {
  return (
    <span class="stacked">
      <a href={formatRoute({ page: "changes", rest: change.changeId })}>{actionWords(change)}</a>
      {/* The first line names the action itself. */}
      {change.lines.slice(1, 3).map(({ value }, at) => (
        <small key={at} dir="auto">
          {value}
        </small>
      ))}
    </span>
  );
}
