import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { whoAmI } from "./me.ts";

/** What an administrator still lacks before he can change anything, while he lacks it. */
export function SelfCheck(): JSX.Element | null {
  const { value } = whoAmI;
  if (value === undefined || (value.hasKey && value.hasChat)) return null;
  const lacking = value.hasKey ? t("lacks-chat") : value.hasChat ? t("lacks-key") : t("lacks-both");
  return (
    <p class="note note-warn">
      {lacking} <a href="#/me">{t("lacks-where")}</a>
    </p>
  );
}
