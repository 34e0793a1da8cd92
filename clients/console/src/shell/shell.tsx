import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";
import { AdministratorsPage } from "../pages/administrators/administrators-page.tsx";
import { AuditPage } from "../pages/audit/audit-page.tsx";
import { ChangesPage } from "../pages/changes/changes-page.tsx";
import { ChannelsPage } from "../pages/channels/channels-page.tsx";
import { DeliveriesPage } from "../pages/deliveries/deliveries-page.tsx";
import { OverviewPage } from "../pages/overview/overview-page.tsx";
import { PolicyPage } from "../pages/policy/policy-page.tsx";
import { TransactionsPage } from "../pages/transactions/transactions-page.tsx";
import { UsersPage } from "../pages/users/users-page.tsx";
import { WebhooksPage } from "../pages/webhooks/webhooks-page.tsx";
import { watchIdle } from "../connection/idle.ts";
import { logOut } from "../login/log-out.ts";
import { MePage } from "../login/me-page.tsx";
import { FailureNote } from "../ui/failure-note.tsx";
import { askWhoAmI, me } from "./me.ts";
import { Navigation } from "./navigation.tsx";
import type { PageName } from "./route.ts";
import { route } from "./router.ts";
import { SelfCheck } from "./self-check.tsx";
import { askTenants, tenantId } from "./tenant.ts";
import { TopBar } from "./top-bar.tsx";

const PAGE: Readonly<Record<PageName, () => JSX.Element>> = {
  overview: OverviewPage,
  channels: ChannelsPage,
  deliveries: DeliveriesPage,
  transactions: TransactionsPage,
  users: UsersPage,
  policy: PolicyPage,
  webhooks: WebhooksPage,
  changes: ChangesPage,
  administrators: AdministratorsPage,
  audit: AuditPage,
  me: MePage,
};

/** What an administrator sees who is logged in: where he may go, and the page that he is on. */
export function Shell(): JSX.Element {
  const { failure, again } = useBeginning();
  useEffect(() => watchIdle(document, () => void logOut("idle")), []);
  const { page } = route.value;
  const There = PAGE[page];
  const ready = me.value !== undefined && tenantId.value !== "";
  return (
    <>
      <TopBar />
      <div class="frame">
        <Navigation />
        <main id="main">
          <SelfCheck />
          {failure !== undefined && <FailureNote failure={failure} onRetry={again} />}
          {ready ? (
            <There key={`${page} ${tenantId.value}`} />
          ) : (
            failure === undefined && <p aria-busy="true">{t("loading")}</p>
          )}
        </main>
      </div>
    </>
  );
}

// Nothing is shown before it is known who looks, and at what.
function useBeginning(): { failure: CoreFailure | undefined; again: () => void } {
  const [failure, setFailure] = useState<CoreFailure | undefined>(undefined);
  const [bug, setBug] = useState<unknown>(undefined);
  const begin = (): void => {
    setFailure(undefined);
    Promise.all([askWhoAmI(), askTenants()]).catch((error: unknown) =>
      error instanceof CoreFailure ? setFailure(error) : setBug(error),
    );
  };
  useEffect(begin, []);
  if (bug !== undefined) throw bug;
  return { failure, again: begin };
}
