import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { tenantId } from "../../shell/tenant.ts";
import { whoAmI } from "../../shell/me.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { Page } from "../../ui/page.tsx";
import { useVersion } from "../../ui/use-version.ts";
import { ActDialog, type HolderAct } from "./act-dialog.tsx";
import { AdminTable } from "./admin-table.tsx";
import type { Holder } from "./holder.ts";
import { NewAdminDialog } from "./new-admin-dialog.tsx";
import { NewAppDialog, NewBotDialog } from "./new-program-dialog.tsx";
import { NewTenantDialog } from "./new-tenant-dialog.tsx";
import { AppTable, BotTable } from "./program-tables.tsx";
import { TenantTable } from "./tenant-table.tsx";

type New = "admin" | "app" | "bot" | "tenant";

/** Who and what may act: administrators, apps, bots, tenants. */
export function AdministratorsPage(): JSX.Element {
  const [version, raise] = useVersion();
  const [made, setMade] = useState<New | undefined>(undefined);
  const [asked, setAsked] = useState<{ readonly of: Holder; readonly act: HolderAct } | undefined>(undefined);
  const close = (): void => {
    setMade(undefined);
    setAsked(undefined);
    raise();
  };
  const table = { version, ask: (of: Holder, act: HolderAct) => setAsked({ of, act }), onChanged: raise };
  // The administrators' own tenant has bots and no apps.
  const isAdministration = whoAmI.value?.administrationTenantId === tenantId.value;
  return (
    <Page title={t("nav-administrators")} lead={t("administrators-lead")} acts="installation">
      <p>
        <a href="#/me">{t("administrators-me")}</a>
      </p>
      <AdminTable {...table} />
      <Allowed to="installation">
        <New what="admin" ask={setMade} />
      </Allowed>
      {!isAdministration && (
        <>
          <AppTable {...table} />
          <Allowed to="change">
            <New what="app" ask={setMade} />
          </Allowed>
        </>
      )}
      <BotTable {...table} />
      <Allowed to="change">
        <New what="bot" ask={setMade} />
      </Allowed>
      <TenantTable version={version} />
      <Allowed to="installation">
        <New what="tenant" ask={setMade} />
      </Allowed>
      {asked !== undefined && <ActDialog {...asked} onClose={close} />}
      {made === "admin" && <NewAdminDialog onClose={close} />}
      {made === "app" && <NewAppDialog onClose={close} />}
      {made === "bot" && <NewBotDialog onClose={close} />}
      {made === "tenant" && <NewTenantDialog onClose={close} />}
    </Page>
  );
}

function New({ what, ask }: { what: New; ask: (what: New) => void }): JSX.Element {
  return (
    <div class="page-actions">
      <button type="button" class="secondary" onClick={() => ask(what)}>
        {t(`administrators-new-${what}`)}
      </button>
    </div>
  );
}
