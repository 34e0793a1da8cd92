import { assertWithCode, type OpenTransaction } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../i18n/words.ts";
import { pageCore } from "./page-core.ts";
import { browserWords, classWords } from "./key-words.ts";

interface WayProps {
  readonly open: OpenTransaction;
  readonly confirmationToken: string;
}

/** A security key in the browser: the code is typed here, and the phone is the only trusted view. The page says so. */
export function BySecurityKey({ open, confirmationToken }: WayProps): JSX.Element {
  const [told, setTold] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const heading = useId();
  const hint = useId();

  const sign = async (code: string): Promise<void> => {
    setBusy(true);
    setTold(t("key-touch"));
    const { signal } = leaving.current;
    const core = pageCore(open.transactionId, confirmationToken, signal);
    try {
      await core.submit(await assertWithCode(open, code, { place: navigator.credentials, signal }));
      setTold(t("key-taken"));
    } catch (error) {
      if (signal.aborted) return;
      const refused = core.classOf(error);
      setTold(refused === undefined ? browserWords(error) : classWords(refused));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const code = (form.elements.namedItem("code") as HTMLInputElement).value.replaceAll(/[\s-]/g, "");
    if (!/^\d{6,10}$/.test(code)) return setTold(t("key-code-form"));
    form.reset();
    void sign(code);
  };

  return (
    <section class="way" aria-labelledby={heading}>
      <h3 id={heading}>{t("key-fido-title")}</h3>
      <p class="note note-warn">{t("key-fido-warning")}</p>
      <form onSubmit={submit} autoComplete="off">
        <label>
          {t("key-code")}
          <input name="code" type="text" inputMode="numeric" autoComplete="off" aria-describedby={hint} required />
        </label>
        <small id={hint}>{t("key-code-hint")}</small>
        <button type="submit" disabled={busy} aria-busy={busy}>
          {t("key-fido-sign")}
        </button>
      </form>
      <p role="status">{told}</p>
    </section>
  );
}
