import { t } from "@countersign/pages";
import type { Tenant } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { IdText } from "../../ui/id-text.tsx";

/** Tenants that the administrator has a part in, by name. */
export function TenantTable({ version }: { version: number }): JSX.Element {
  return (
    <DataTable
      caption={t("administrators-tenants")}
      columns={columns()}
      rowKey={({ tenantId }) => tenantId}
      load={load}
      of="tenants"
      empty={t("administrators-no-tenants")}
      version={version}
    />
  );
}

async function load(pageToken: string, signal: AbortSignal): Promise<Rows<Tenant>> {
  const { tenants, nextPageToken } = await admin.listTenants({ pageToken }, { signal });
  return { rows: tenants, nextPageToken };
}

function columns(): readonly Column<Tenant>[] {
  return [
    { id: "name", header: t("administrators-name"), cell: NameOf, isHeader: true },
    { id: "issuer", header: t("administrators-issuer"), cell: ({ issuer }) => <span dir="auto">{issuer}</span> },
    { id: "policy", header: t("administrators-policy-version"), cell: ({ policyVersion }) => String(policyVersion) },
    { id: "id", header: t("changes-id"), cell: ({ tenantId }) => <IdText>{tenantId}</IdText> },
  ];
}

function NameOf({ name, isAdministration }: Tenant): JSX.Element {
  return (
    <span class="stacked">
      <span dir="auto">{name}</span>
      {isAdministration && <small>{t("administrators-is-administration")}</small>}
    </span>
  );
}
