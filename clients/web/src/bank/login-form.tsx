import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { BankFailure, logIn } from "./bank.ts";
import { BankNote } from "./bank-note.tsx";

/** The bank's own login. It says who pays; whether it is paid key and phone say. */
export function LoginForm(): JSX.Element {
  const [failure, setFailure] = useState<BankFailure | undefined>(undefined);
  const [busy, setBusy] = useState(false);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const valueOf = (name: string): string => (form.elements.namedItem(name) as HTMLInputElement).value;
    setBusy(true);
    setFailure(undefined);
    try {
      await logIn(valueOf("user").trim(), valueOf("password"));
    } catch (error) {
      if (!(error instanceof BankFailure)) throw error;
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="login" aria-labelledby="login-title">
      <h1 id="login-title" tabIndex={-1}>
        {t("login-title")}
      </h1>
      <p>{t("login-lead")}</p>
      {failure !== undefined && <BankNote failure={failure} />}
      <form onSubmit={(event) => void submit(event)}>
        <label>
          {t("login-name")}
          <input name="user" autoComplete="username" required />
        </label>
        <label>
          {t("login-password")}
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" disabled={busy} aria-busy={busy}>
          {t("login-go")}
        </button>
      </form>
    </section>
  );
}
