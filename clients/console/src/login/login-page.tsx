import { Lines, msOf, t } from "@countersign/pages";
import type { AdminServiceBeginLoginResponse } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";
import { admin, bearer } from "../connection/core.ts";
import { beginSession, sessionEnd } from "../connection/session.ts";
import { TakeToKey } from "../key/take-to-key.tsx";
import type { KeyEnding } from "../key/taking.ts";
import { FailureNote } from "../ui/failure-note.tsx";
import { useAction } from "../ui/use-action.ts";
import { drawToken, type DrawnToken } from "./draw-token.ts";
import { Entrance } from "./entrance.tsx";

interface Begun {
  readonly drawn: DrawnToken;
  readonly asked: AdminServiceBeginLoginResponse;
}

/** Where nobody is logged in: a name, then the key. There is no password. */
export function LoginPage(): JSX.Element {
  const [begun, setBegun] = useState<Begun | undefined>(undefined);
  const { value: end } = sessionEnd;
  return (
    <Entrance title={t("login-title")}>
      {end !== undefined && begun === undefined && (
        <p class="note" role="status">
          {t(`session-${end}`)}
        </p>
      )}
      {begun === undefined ? (
        <AskName onBegun={setBegun} />
      ) : (
        <AskKey begun={begun} onAgain={() => setBegun(undefined)} />
      )}
    </Entrance>
  );
}

function AskName({ onBegun }: { onBegun: (begun: Begun) => void }): JSX.Element {
  const { busy, failure, run } = useAction();
  const begin = (event: SubmitEvent): void => {
    event.preventDefault();
    const { value } = (event.currentTarget as HTMLFormElement).elements.namedItem("name") as HTMLInputElement;
    void run(async () => {
      const drawn = drawToken(crypto.getRandomValues(new Uint8Array(32)));
      const asked = await admin.beginLogin({ adminId: value.trim(), tokenSha256: drawn.hash });
      onBegun({ drawn, asked });
    });
  };
  return (
    <>
      <p>{t("login-lead")}</p>
      <form onSubmit={begin}>
        <label>
          {t("login-name")}
          <input
            name="name"
            type="text"
            autoComplete="username"
            autoCapitalize="none"
            spellcheck={false}
            dir="auto"
            maxLength={64}
            required
          />
        </label>
        <button type="submit" disabled={busy} aria-busy={busy}>
          {t("login-begin")}
        </button>
      </form>
      {failure !== undefined && <LoginFailure failure={failure} />}
      <p class="fine">
        {t("login-first")} <a href="#/claim">{t("login-claim")}</a>
      </p>
    </>
  );
}

/** Every name that cannot log in is answered alike: so the page tells all causes, too. */
function LoginFailure({ failure }: { failure: CoreFailure }): JSX.Element {
  if (failure.reason !== "NOT_FOUND") return <FailureNote failure={failure} />;
  return (
    <div class="note note-bad" role="alert">
      <p>
        <strong>{t("login-not-now")}</strong>
      </p>
      <p>{t("login-not-now-why")}</p>
    </div>
  );
}

function AskKey({ begun, onAgain }: { begun: Begun; onAgain: () => void }): JSX.Element {
  const { drawn, asked } = begun;
  const { transaction, confirmationToken } = asked;
  const [over, setOver] = useState(false);
  const { failure, run } = useAction();
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  if (transaction === undefined) throw new Error("the core answered a login without its transaction");
  const finish = (): void => {
    void run(async () => {
      const { adminId, expiresAt } = await admin.finishLogin({}, bearer(confirmationToken));
      const until = expiresAt === undefined ? undefined : msOf(expiresAt);
      beginSession({ adminId, token: drawn.token, until }, sessionStorage);
    });
  };
  const end = (ending: KeyEnding): void => (ending === "executed" ? finish() : setOver(true));
  return (
    <>
      <h2 tabIndex={-1} ref={heading}>
        {t("login-confirm")}
      </h2>
      <p>{t("login-fingerprint")}</p>
      <p class="fingerprint" dir="ltr">
        {drawn.fingerprint}
      </p>
      <Lines lines={transaction.lines} />
      <TakeToKey transaction={transaction} confirmationToken={confirmationToken} onEnd={end} />
      {failure !== undefined && <FailureNote failure={failure} onRetry={finish} />}
      {(over || failure !== undefined) && (
        <button type="button" onClick={onAgain}>
          {t("login-again")}
        </button>
      )}
    </>
  );
}
