import { t } from "@countersign/pages";
import type { User } from "@countersign/proto/web/core/v1/user_service";
import { UserState } from "@countersign/proto/web/core/v1/user_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { route } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { type Filter, FilterForm } from "../../ui/filter-form.tsx";
import { Page } from "../../ui/page.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { toneOfUser } from "../state/state-words.ts";
import { UserPage } from "./user-page.tsx";

/** Users; behind a name that one. */
export function UsersPage(): JSX.Element {
  const { rest, query } = route.value;
  if (rest !== "") return <UserPage key={rest} userId={rest} />;
  return (
    <Page title={t("nav-users")} lead={t("users-lead")}>
      <FilterForm filters={filters()} />
      <DataTable
        caption={t("users-caption")}
        columns={columns()}
        rowKey={({ userId }) => userId}
        load={load}
        of={JSON.stringify(query)}
        empty={t("users-none")}
      />
    </Page>
  );
}

const STATES = [UserState.ACTIVE, UserState.FROZEN, UserState.BLOCKED, UserState.SUSPENDED] as const;

async function load(pageToken: string, signal: AbortSignal): Promise<Rows<User>> {
  const { name = "", state: wanted = "" } = route.value.query;
  const state = STATES.find((each) => String(each) === wanted) ?? UserState.UNSPECIFIED;
  const request = { tenantId: tenantId.value, userIdPrefix: name, state, pageToken };
  const { users, nextPageToken } = await admin.listUsers(request, { signal });
  return { rows: users, nextPageToken };
}

function filters(): readonly Filter[] {
  const all = { value: "", words: t("page-all") };
  const states = STATES.map((state) => ({ value: String(state), words: t(`user-state-${state}`) }));
  return [
    { name: "name", label: t("users-name"), type: "text" },
    { name: "state", label: t("page-state"), type: "select", options: [all, ...states] },
  ];
}

function columns(): readonly Column<User>[] {
  return [
    { id: "user", header: t("page-user"), cell: LinkTo, isHeader: true },
    {
      id: "state",
      header: t("page-state"),
      cell: ({ state }) => <StateBadge tone={toneOfUser(state)}>{t(`user-state-${state}`)}</StateBadge>,
    },
    { id: "created", header: t("page-created"), cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    { id: "why", header: t("page-actions"), cell: WhyLink },
  ];
}

function LinkTo({ userId }: User): JSX.Element {
  return (
    <a href={formatRoute({ page: "users", rest: userId })} dir="auto">
      {userId}
    </a>
  );
}

function WhyLink({ userId: user }: User): JSX.Element {
  return <a href={formatRoute({ page: "deliveries", rest: "why", query: { user } })}>{t("page-why")}</a>;
}
