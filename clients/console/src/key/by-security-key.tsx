import { CodeForm, t } from "@countersign/pages";
import { assertWithCode, type OpenTransaction } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
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
  return (
    <section class="way" aria-labelledby={heading}>
      <h3 id={heading}>{t("key-fido-title")}</h3>
      <CodeForm busy={busy} onCode={(code) => void sign(code)} />
      <p role="status">{told}</p>
    </section>
  );
}
