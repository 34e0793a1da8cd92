import { t } from "@countersign/pages";
import type { App, Bot } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import type { HolderTableProps } from "./admin-table.tsx";
import type { Holder } from "./holder.ts";
import { HolderActions } from "./holder-actions.tsx";
import { Tokens } from "./tokens.tsx";

/** Apps of the tenant, by name. */
export function AppTable({ version, ask, onChanged }: HolderTableProps): JSX.Element {
  const scope = { id: "scope", header: t("administrators-scope"), cell: ScopeOf };
  return (
    <DataTable<App>
      caption={t("administrators-apps")}
      columns={programColumns(scope, appHolder, ask, onChanged)}
      rowKey={({ appId }) => appId}
      load={loadApps}
      of={tenantId.value}
      empty={t("administrators-no-apps")}
      version={version}
    />
  );
}

/** Bots of the tenant, by name; how they are is on the page of channels. */
export function BotTable({ version, ask, onChanged }: HolderTableProps): JSX.Element {
  const platform = { id: "platform", header: t("page-platform"), cell: ({ platform: name }: Bot) => name };
  return (
    <DataTable<Bot>
      caption={t("administrators-bots")}
      columns={programColumns(platform, botHolder, ask, onChanged)}
      rowKey={({ botId }) => botId}
      load={loadBots}
      of={tenantId.value}
      empty={t("administrators-no-bots")}
      version={version}
    />
  );
}

async function loadApps(pageToken: string, signal: AbortSignal): Promise<Rows<App>> {
  const request = { tenantId: tenantId.value, includeDisabled: true, pageToken };
  const { apps, nextPageToken } = await admin.listApps(request, { signal });
  return { rows: apps, nextPageToken };
}

async function loadBots(pageToken: string, signal: AbortSignal): Promise<Rows<Bot>> {
  const request = { tenantId: tenantId.value, includeDisabled: true, pageToken };
  const { bots, nextPageToken } = await admin.listBots(request, { signal });
  return { rows: bots, nextPageToken };
}

const appHolder = ({ appId, name }: App): Holder => ({ kind: "app", id: appId, name });
const botHolder = ({ botId, name }: Bot): Holder => ({ kind: "bot", id: botId, name });

function ScopeOf({ scope }: App): JSX.Element {
  return <>{t(`administrators-scope-${scope}`)}</>;
}

function programColumns<Program extends App | Bot>(
  special: Column<Program>,
  holderOf: (of: Program) => Holder,
  ask: HolderTableProps["ask"],
  onChanged: () => void,
): readonly Column<Program>[] {
  return [
    {
      id: "name",
      header: t("administrators-name"),
      cell: ({ name }) => <span dir="auto">{name}</span>,
      isHeader: true,
    },
    special,
    {
      id: "state",
      header: t("page-state"),
      cell: ({ disabled }) => (
        <StateBadge tone={disabled ? "bad" : "good"}>{t(`administrators-state-${disabled ? 3 : 2}`)}</StateBadge>
      ),
    },
    {
      id: "tokens",
      header: t("administrators-tokens"),
      cell: (of) => <Tokens of={holderOf(of)} tokens={of.tokens} onChanged={onChanged} />,
    },
    {
      id: "actions",
      header: t("page-actions"),
      cell: (of) => <HolderActions of={holderOf(of)} disabled={of.disabled} loosens="change" ask={ask} />,
    },
  ];
}
