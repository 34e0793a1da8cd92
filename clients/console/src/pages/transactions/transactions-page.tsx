import { findWords, t } from "@countersign/pages";
import { Kind, State } from "@countersign/proto/web/core/v1/content";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { route } from "../../shell/router.ts";
import { tenantId } from "../../shell/tenant.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { type Filter, FilterForm } from "../../ui/filter-form.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { beginningOf, endOf } from "../state/day.ts";
import { StateOf } from "../state/state-of.tsx";
import { OPEN_STATES } from "../state/state-words.ts";
import { TransactionPage } from "./transaction-page.tsx";

/** Transactions; behind an id that one. */
export function TransactionsPage(): JSX.Element {
  const { rest, query } = route.value;
  if (rest !== "") return <TransactionPage key={rest} transactionId={rest} />;
  return (
    <Page title={t("nav-transactions")} lead={t("transactions-lead")}>
      <FilterForm filters={filters()} />
      <DataTable
        caption={t("transactions-caption")}
        columns={columns()}
        rowKey={({ transactionId }) => transactionId}
        load={load}
        of={JSON.stringify(query)}
        empty={t("transactions-none")}
      />
    </Page>
  );
}

const OPEN = "open";
const STATES = Object.values(State).filter((state) => state > 0);
const KINDS = Object.values(Kind).filter((kind) => kind > 0);

async function load(pageToken: string, signal: AbortSignal): Promise<Rows<Transaction>> {
  const { query } = route.value;
  const { state = "", kind = "", tag = "", user = "", id = "", after = "", before = "" } = query;
  const request = {
    tenantId: tenantId.value,
    states: state === OPEN ? [...OPEN_STATES] : STATES.filter((each) => String(each) === state),
    kinds: KINDS.filter((each) => String(each) === kind),
    tag: tag.toUpperCase(),
    userIdPrefix: user,
    transactionIdPrefix: id.toLowerCase(),
    createdAfter: beginningOf(after),
    // A day that is named is one of them.
    createdBefore: endOf(before),
    pageToken,
  };
  const { transactions, nextPageToken } = await admin.listTransactions(request, { signal });
  return { rows: transactions, nextPageToken };
}

function filters(): readonly Filter[] {
  const all = { value: "", words: t("page-all") };
  const open = { value: OPEN, words: t("transactions-open") };
  const states = STATES.map((state) => ({ value: String(state), words: t(`state-${state}`) }));
  const kinds = KINDS.map((kind) => ({ value: String(kind), words: kindWords(kind) }));
  return [
    { name: "state", label: t("page-state"), type: "select", options: [all, open, ...states] },
    { name: "kind", label: t("transactions-kind"), type: "select", options: [all, ...kinds] },
    { name: "user", label: t("transactions-user"), type: "text" },
    { name: "tag", label: t("transactions-tag"), type: "text" },
    { name: "id", label: t("transactions-id"), type: "text" },
    { name: "after", label: t("transactions-after"), type: "date" },
    { name: "before", label: t("transactions-before"), type: "date" },
  ];
}

/** A kind of the registry in words, or its number where this page is older than the core. */
export function kindWords(kind: Kind): string {
  return findWords(`kind-${kind}`) ?? String(kind);
}

function columns(): readonly Column<Transaction>[] {
  return [
    { id: "tag", header: t("page-transaction"), cell: LinkTo, isHeader: true },
    { id: "user", header: t("page-user"), cell: UserOf },
    { id: "what", header: t("transactions-what"), cell: WhatOf },
    { id: "state", header: t("page-state"), cell: StandingOf },
    { id: "created", header: t("page-created"), cell: ({ createdAt }) => <TimeText at={createdAt} /> },
  ];
}

function LinkTo({ transactionId, tag }: Transaction): JSX.Element {
  return (
    <a href={formatRoute({ page: "transactions", rest: transactionId })} dir="ltr">
      {tag === "" ? transactionId : tag}
    </a>
  );
}

function UserOf({ userId }: Transaction): JSX.Element {
  return (
    <a href={formatRoute({ page: "users", rest: userId })} dir="auto">
      {userId}
    </a>
  );
}

function StandingOf({ state, approvals, approvalsNeeded }: Transaction): JSX.Element {
  return (
    <span class="stacked">
      <StateOf state={state} />
      {state === State.PARTIAL && (
        <small>{t("transactions-approvals-of", { given: approvals.length, needed: approvalsNeeded })}</small>
      )}
    </span>
  );
}

function WhatOf({ kind, lines }: Transaction): JSX.Element {
  return (
    <span class="stacked">
      {kindWords(kind)}
      {lines.slice(0, 2).map(({ value }, at) => (
        <small key={at} dir="auto">
          {value}
        </small>
      ))}
    </span>
  );
}
