import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { t } from "../i18n/words.ts";

interface CodeFormProps {
  readonly busy: boolean;
  /** Digits only, 6 to 10. The field is emptied before. */
  readonly onCode: (code: string) => void;
}

/**
 * The one field for a code that our pages have, for keys without a keypad. It says what it means: this PC sees the code, and
 * the phone is the only trusted view. It takes a paste, and asks the browser to remember nothing.
 */
export function CodeForm({ busy, onCode }: CodeFormProps): JSX.Element {
  const [malformed, setMalformed] = useState(false);
  const hint = useId();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const code = (form.elements.namedItem("code") as HTMLInputElement).value.replaceAll(/[\s-]/g, "");
    const isCode = /^\d{6,10}$/.test(code);
    setMalformed(!isCode);
    if (!isCode) return;
    form.reset();
    onCode(code);
  };
  return (
    <>
      <p class="note note-warn">{t("key-fido-warning")}</p>
      <form onSubmit={submit} autoComplete="off" noValidate>
        <label>
          {t("key-code")}
          <input
            {...{ name: "code", type: "text", inputMode: "numeric", autoComplete: "off", required: true }}
            aria-describedby={hint}
            aria-invalid={malformed ? true : undefined}
          />
        </label>
        <small id={hint}>{t("key-code-hint")}</small>
        <p role="alert">{malformed && t("key-code-form")}</p>
        <button type="submit" disabled={busy} aria-busy={busy}>
          {t("key-fido-sign")}
        </button>
      </form>
    </>
  );
}
