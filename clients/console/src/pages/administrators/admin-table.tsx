import { t } from "@countersign/pages";
import { type Admin, AdminState } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { me } from "../../shell/me.ts";
import { tenants } from "../../shell/tenant.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { StateBadge, type Tone } from "../../ui/state-badge.tsx";
import type { HolderAct } from "./act-dialog.tsx";
import type { Holder } from "./holder.ts";
import { HolderActions } from "./holder-actions.tsx";
import { Tokens } from "./tokens.tsx";

/** What tables of those who hold tokens are given. */
export interface HolderTableProps {
  readonly version: number;
  readonly ask: (of: Holder, act: HolderAct) => void;
  readonly onChanged: () => void;
}

/** Administrators, by name. */
export function AdminTable({ version, ask, onChanged }: HolderTableProps): JSX.Element {
  return (
    <DataTable
      caption={t("administrators-list")}
      columns={columns(ask, onChanged)}
      rowKey={({ adminId }) => adminId}
      load={load}
      of="admins"
      empty={t("administrators-none")}
      version={version}
    />
  );
}

async function load(pageToken: string, signal: AbortSignal): Promise<Rows<Admin>> {
  const { admins, nextPageToken } = await admin.listAdmins({ pageToken }, { signal });
  return { rows: admins, nextPageToken };
}

const TONES: Readonly<Record<number, Tone>> = {
  [AdminState.INVITED]: "waiting",
  [AdminState.ACTIVE]: "good",
  [AdminState.DISABLED]: "bad",
};

function columns(ask: HolderTableProps["ask"], onChanged: () => void): readonly Column<Admin>[] {
  return [
    {
      id: "name",
      header: t("administrators-name"),
      cell: ({ adminId }) => <span dir="auto">{adminId}</span>,
      isHeader: true,
    },
    { id: "role", header: t("administrators-role"), cell: ({ role }) => t(`role-${role}`) },
    { id: "where", header: t("administrators-where"), cell: WhereOf },
    {
      id: "state",
      header: t("page-state"),
      cell: ({ state }) => <StateBadge tone={TONES[state] ?? "plain"}>{t(`administrators-state-${state}`)}</StateBadge>,
    },
    {
      id: "tokens",
      header: t("administrators-tokens"),
      cell: (of) => <Tokens of={holderOf(of)} tokens={of.tokens} onChanged={onChanged} />,
    },
    {
      id: "actions",
      header: t("page-actions"),
      cell: (of) => (
        <HolderActions
          of={holderOf(of)}
          disabled={of.state === AdminState.DISABLED}
          loosens={of.adminId === me.value?.adminId ? "change" : "installation"}
          ask={ask}
        />
      ),
    },
  ];
}

function holderOf({ adminId }: Admin): Holder {
  return { kind: "admin", id: adminId, name: adminId };
}

function WhereOf({ tenantId }: Admin): JSX.Element {
  const of = tenants.value.find((each) => each.tenantId === tenantId);
  return <span dir="auto">{tenantId === "" ? t("administrators-everywhere") : (of?.issuer ?? tenantId)}</span>;
}
