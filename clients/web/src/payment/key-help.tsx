import { daemonPort, t } from "@countersign/pages";
import type { JSX } from "preact";

/** What to look at where no key is found, in the order in which it is usually the reason. */
export function KeyHelp(): JSX.Element {
  const start = `countersign-daemon --hid --web-port ${daemonPort()} --web-origin ${location.origin}`;
  return (
    <details class="help">
      <summary>{t("help")}</summary>
      <ol>
        <li>{t("help-plugged")}</li>
        <li>
          {t("help-daemon")} <code dir="ltr">{start}</code>
        </li>
        <li>
          {t("help-doctor")} <code dir="ltr">countersign doctor</code>
        </li>
        <li>{t("help-browser")}</li>
        <li>{t("help-other-way")}</li>
      </ol>
    </details>
  );
}
