import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/words.ts";
import { announce } from "../ui/live-region.tsx";
import { DaemonPort } from "./daemon-port.tsx";

interface PairDaemonProps {
  /** Pairs with the daemon at the chosen port; shows its digits meanwhile. */
  readonly pair: (show: (digits: string) => void, signal: AbortSignal) => Promise<void>;
  /** What the page says of a refusal; undefined: it is none of the daemon's, and is thrown on. */
  readonly tell: (error: unknown) => ComponentChildren;
  readonly onPaired: () => void;
}

/** Pairs this page with the daemon, once for each browser: both show six digits, and the user says that they are equal. */
export function PairDaemon({ pair, tell, onPaired }: PairDaemonProps): JSX.Element {
  const [digits, setDigits] = useState<string | undefined>(undefined);
  const [failure, setFailure] = useState<ComponentChildren>(undefined);
  const [busy, setBusy] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);

  const begin = async (): Promise<void> => {
    const { signal } = leaving.current;
    setBusy(true);
    setFailure(undefined);
    try {
      await pair((shown) => {
        setDigits(shown);
        announce(t("key-pair-digits", { digits: [...shown].join(" ") }));
      }, signal);
      onPaired();
    } catch (error) {
      if (signal.aborted) return;
      const told = tell(error);
      if (told === undefined) throw error;
      setDigits(undefined);
      setFailure(told);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <p>{t("key-pair-explained")}</p>
      {digits !== undefined && (
        <p class="note">
          {t("key-pair-compare")} <strong class="digits">{`${digits.slice(0, 3)} ${digits.slice(3)}`}</strong>
        </p>
      )}
      {failure}
      <DaemonPort onChanged={() => setFailure(undefined)} />
      <button type="button" disabled={busy} aria-busy={busy} onClick={() => void begin()}>
        {t("key-pair")}
      </button>
    </>
  );
}
