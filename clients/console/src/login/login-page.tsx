import type { JSX } from "preact";
import { sessionEnd } from "../connection/session.ts";
import { LanguageChooser } from "../ui/language-chooser.tsx";
import { t } from "../i18n/words.ts";

/** Where nobody is logged in. */
export function LoginPage(): JSX.Element {
  const { value } = sessionEnd;
  return (
    <main class="login">
      <LanguageChooser />
      <h1>{t("login-title")}</h1>
      {value !== undefined && <p class="note">{t(`session-${value}`)}</p>}
    </main>
  );
}
