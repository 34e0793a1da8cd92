import type { JSX } from "preact";
import { t } from "../../i18n/words.ts";
import { Page } from "../../ui/page.tsx";

/** See its lead. */
export function OverviewPage(): JSX.Element {
  return (
    <Page title={t("nav-overview")}>
      <p class="note">{t("loading")}</p>
    </Page>
  );
}
