import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";
import { FailureNote } from "../ui/failure-note.tsx";
import { announce } from "../ui/live-region.tsx";
import { t } from "../i18n/words.ts";
import { daemon } from "./daemon.ts";
import { DaemonPort } from "./daemon-port.tsx";

/** Pairs this page with the daemon, once for each browser: both show six digits, and the user says that they are equal. */
export function PairDaemon({ onPaired }: { onPaired: () => void }): JSX.Element {
  const [digits, setDigits] = useState<string | undefined>(undefined);
  const [failure, setFailure] = useState<CoreFailure | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);

  const pair = async (): Promise<void> => {
    const { signal } = leaving.current;
    setBusy(true);
    setFailure(undefined);
    try {
      await daemon().pair((shown) => {
        setDigits(shown);
        announce(t("key-pair-digits", { digits: [...shown].join(" ") }));
      }, signal);
      onPaired();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CoreFailure)) throw error;
      setDigits(undefined);
      setFailure(error);
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
      {failure !== undefined && <FailureNote failure={failure} />}
      <DaemonPort onChanged={() => setFailure(undefined)} />
      <button type="button" disabled={busy} aria-busy={busy} onClick={() => void pair()}>
        {t("key-pair")}
      </button>
    </>
  );
}
