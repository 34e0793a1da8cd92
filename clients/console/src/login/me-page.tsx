import { announce, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";
import { askWhoAmI, whoAmI } from "../shell/me.ts";
import { Page } from "../ui/page.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { OwnKey } from "./own-key.tsx";
import { OwnLink } from "./own-link.tsx";

/** The administrator's own key and chat: without both he changes nothing, and does not log in by his key. */
export function MePage(): JSX.Element {
  const { value } = whoAmI;
  const [round, setRound] = useState(0);
  const changed = (): void => {
    setRound(round + 1);
    askWhoAmI().catch((error: unknown) => {
      // The page says then what it knew before; he may have logged out meanwhile.
      if (!(error instanceof CoreFailure)) throw error;
    });
    announce(t("me-changed"));
  };
  return (
    <Page title={t("me-title")} lead={t("me-lead")}>
      <section aria-labelledby="me-key">
        <h2 id="me-key">{t("me-key")}</h2>
        <p>
          <StateBadge tone={value?.hasKey === true ? "good" : "waiting"}>
            {value?.hasKey === true ? t("me-has-key") : t("me-no-key")}
          </StateBadge>
        </p>
        <OwnKey key={`key ${round}`} onChanged={changed} />
      </section>
      <section aria-labelledby="me-chat">
        <h2 id="me-chat">{t("me-chat")}</h2>
        <p>
          <StateBadge tone={value?.hasChat === true ? "good" : "waiting"}>
            {value?.hasChat === true ? t("me-has-chat") : t("me-no-chat")}
          </StateBadge>
        </p>
        <OwnLink key={`link ${round}`} onChanged={changed} />
      </section>
    </Page>
  );
}
