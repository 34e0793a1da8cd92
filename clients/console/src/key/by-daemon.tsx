import { DaemonPort, pause, t } from "@countersign/pages";
import { type OpenTransaction, type PageProgress, takeToDaemon } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";
import { FailureNote } from "../ui/failure-note.tsx";
import { daemon } from "./daemon.ts";
import { classWords, stepWords } from "./key-words.ts";
import { pageCore } from "./page-core.ts";
import { Pair } from "./pair.tsx";

interface WayProps {
  readonly open: OpenTransaction;
  readonly confirmationToken: string;
}

/** A key at this PC, through its daemon: it shows the lines itself, and PIN and code are typed on it. */
export function ByDaemon({ open, confirmationToken }: WayProps): JSX.Element {
  const [paired, setPaired] = useState(daemon().wasPaired);
  const heading = useId();
  return (
    <section class="way" aria-labelledby={heading}>
      <h3 id={heading}>{t("key-daemon-title")}</h3>
      {paired ? (
        <AtTheKey open={open} confirmationToken={confirmationToken} onUnpaired={() => setPaired(false)} />
      ) : (
        <Pair onPaired={() => setPaired(true)} />
      )}
    </section>
  );
}

function AtTheKey({ open, confirmationToken, onUnpaired }: WayProps & { onUnpaired: () => void }): JSX.Element {
  const [told, setTold] = useState<string | undefined>(undefined);
  const [failure, setFailure] = useState<CoreFailure | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);

  const ask = async (): Promise<void> => {
    const { signal } = leaving.current;
    setBusy(true);
    setFailure(undefined);
    const core = pageCore(open.transactionId, confirmationToken, signal);
    const given = { daemon: daemon(), core, signal, requester: "Countersign console", pause };
    try {
      for await (const event of takeToDaemon(open, given)) setTold(progressWords(event));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CoreFailure)) throw error;
      setTold(undefined);
      setFailure(error);
      if (error.reason === "NOT_PAIRED") onUnpaired();
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <p>{t("key-daemon-explained")}</p>
      <button type="button" disabled={busy} aria-busy={busy} onClick={() => void ask()}>
        {t("key-daemon-sign")}
      </button>
      <p role="status">{told}</p>
      {failure !== undefined && <FailureNote failure={failure} />}
      {failure?.reason === "NO_DAEMON" && <DaemonPort onChanged={onUnpaired} />}
    </>
  );
}

function progressWords(event: PageProgress): string {
  switch (event.type) {
    case "step":
      return stepWords(event.step);
    case "signed":
      return event.rejected ? t("key-rejected") : t("key-signed");
    case "taken":
      return t("key-taken");
    case "refused":
      return classWords(event.class);
  }
}
