import type { JSX } from "preact";
import { t } from "../../i18n/words.ts";
import { Page } from "../../ui/page.tsx";

/** See its lead. */
export function UsersPage(): JSX.Element {
  return (
    <Page title={t("nav-users")}>
      <p class="note">{t("loading")}</p>
    </Page>
  );
}
