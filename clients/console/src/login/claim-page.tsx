import { locale, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin, bearer } from "../connection/core.ts";
import { beginSession } from "../connection/session.ts";
import { FailureNote } from "../ui/failure-note.tsx";
import { useAction } from "../ui/use-action.ts";
import { drawToken, type DrawnToken } from "./draw-token.ts";
import { Entrance } from "./entrance.tsx";

interface Claimed {
  readonly adminId: string;
  readonly drawn: DrawnToken;
}

/** Turns an invitation, or the first administrator's one-time token, into an administrator. */
export function ClaimPage(): JSX.Element {
  const [claimed, setClaimed] = useState<Claimed | undefined>(undefined);
  return (
    <Entrance title={t("claim-title")}>
      {claimed === undefined ? <Claim onClaimed={setClaimed} /> : <KeepToken claimed={claimed} />}
    </Entrance>
  );
}

/** Drawn once for the page, so that a claim whose answer was lost can be repeated. */
const drawn = drawToken(crypto.getRandomValues(new Uint8Array(32)));

function Claim({ onClaimed }: { onClaimed: (claimed: Claimed) => void }): JSX.Element {
  const { busy, failure, run } = useAction();
  const claim = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const field = (name: string): string => (form.elements.namedItem(name) as HTMLInputElement).value.trim();
    const request = {
      ...{ adminId: field("name"), phrase: field("phrase"), tokenSha256: drawn.hash },
      locale: locale.value === "en-XA" ? "en" : locale.value,
    };
    const invitation = field("invitation");
    void run(async () => {
      const { admin: made } = await admin.claim(request, bearer(invitation));
      onClaimed({ adminId: made?.adminId ?? request.adminId, drawn });
    });
  };
  return (
    <>
      <p>{t("claim-lead")}</p>
      <form onSubmit={claim} autoComplete="off">
        <label>
          {t("claim-invitation")}
          <input
            name="invitation"
            type="password"
            autoComplete="off"
            required
            aria-describedby="claim-invitation-hint"
          />
        </label>
        <small id="claim-invitation-hint">{t("claim-invitation-hint")}</small>
        <label>
          {t("claim-name")}
          <input
            name="name"
            type="text"
            autoComplete="username"
            autoCapitalize="none"
            spellcheck={false}
            maxLength={64}
            aria-describedby="claim-name-hint"
          />
        </label>
        <small id="claim-name-hint">{t("claim-name-hint")}</small>
        <label>
          {t("claim-phrase")}
          <input
            name="phrase"
            type="text"
            autoComplete="off"
            dir="auto"
            maxLength={40}
            aria-describedby="claim-phrase-hint"
          />
        </label>
        <small id="claim-phrase-hint">{t("claim-phrase-hint")}</small>
        <button type="submit" disabled={busy} aria-busy={busy}>
          {t("claim-do")}
        </button>
      </form>
      {failure !== undefined && <FailureNote failure={failure} />}
      <p class="fine">
        <a href="#/overview">{t("claim-to-login")}</a>
      </p>
    </>
  );
}

/** Until he has key and chat this token is his only way in, so he is shown it, once. */
function KeepToken({ claimed }: { claimed: Claimed }): JSX.Element {
  const {
    adminId,
    drawn: { token },
  } = claimed;
  const enter = (): void => {
    location.hash = "#/me";
    beginSession({ adminId, token }, sessionStorage);
  };
  return (
    <>
      <p role="status">{t("claim-done", { name: adminId })}</p>
      <p>{t("claim-keep")}</p>
      <label>
        {t("claim-token")}
        <input type="text" readOnly value={token} dir="ltr" class="token" autoComplete="off" />
      </label>
      <button type="button" onClick={enter}>
        {t("claim-enter")}
      </button>
    </>
  );
}
