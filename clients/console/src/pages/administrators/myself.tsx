import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../../i18n/words.ts";
import { askWhoAmI, whoAmI } from "../../shell/me.ts";
import { StateBadge } from "../../ui/state-badge.tsx";
import { Facts } from "../state/facts.tsx";
import { ConfirmOwnDialog } from "./confirm-own-dialog.tsx";
import { OwnEnrolmentDialog } from "./own-enrolment-dialog.tsx";
import { OwnLinkDialog } from "./own-link-dialog.tsx";

/** What the administrator himself has, and how he gets what he lacks. Of every role. */
export function Myself(): JSX.Element | null {
  const [asked, setAsked] = useState<"enrol" | "confirm" | "link" | undefined>(undefined);
  const { value } = whoAmI;
  if (value === undefined) return null;
  const close = (): void => {
    setAsked(undefined);
    void askWhoAmI();
  };
  return (
    <section aria-labelledby="me">
      <h2 id="me">{t("administrators-me")}</h2>
      <Facts
        facts={[
          [t("administrators-name"), value.admin.adminId],
          [t("administrators-role"), t(`role-${value.admin.role}`)],
          [t("administrators-my-key"), <Has key="key" it={value.hasKey} />],
          [t("administrators-my-chat"), <Has key="chat" it={value.hasChat} />],
        ]}
      />
      <div class="page-actions">
        <button type="button" class="secondary" onClick={() => setAsked("enrol")}>
          {t("administrators-enrol")}
        </button>
        {value.mayConfirmOwnKey && (
          <button type="button" class="secondary" onClick={() => setAsked("confirm")}>
            {t("administrators-confirm-own")}
          </button>
        )}
        <button type="button" class="secondary" onClick={() => setAsked("link")}>
          {t("administrators-link")}
        </button>
      </div>
      {asked === "enrol" && <OwnEnrolmentDialog name={value.admin.adminId} onClose={close} />}
      {asked === "confirm" && <ConfirmOwnDialog me={value} onClose={close} />}
      {asked === "link" && <OwnLinkDialog onClose={close} />}
    </section>
  );
}

function Has({ it }: { it: boolean }): JSX.Element {
  return <StateBadge tone={it ? "good" : "bad"}>{t(it ? "yes" : "no")}</StateBadge>;
}
