import { DaemonPort, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { FailureNote } from "../ui/failure-note.tsx";
import { daemon } from "./daemon.ts";
import { keyFailureOf } from "./key-failure.ts";
import { Pair } from "./pair.tsx";
import type { Taking } from "./taking.ts";

/** A key at this PC, through its daemon: it shows the lines itself, and PIN and code are typed on it. */
export function ByDaemon({ taking }: { taking: Taking }): JSX.Element {
  const [paired, setPaired] = useState(daemon().wasPaired);
  const heading = useId();
  return (
    <section class="way" aria-labelledby={heading}>
      <h3 id={heading}>{t("key-daemon-title")}</h3>
      {paired ? (
        <AtTheKey taking={taking} onUnpaired={() => setPaired(false)} />
      ) : (
        <Pair onPaired={() => setPaired(true)} />
      )}
    </section>
  );
}

function AtTheKey({ taking, onUnpaired }: { taking: Taking; onUnpaired: () => void }): JSX.Element {
  const { value: asked } = taking.key.asked;
  const isMine = asked?.way === "daemon";
  const busy = isMine && asked.busy;
  const error = isMine ? asked.error : undefined;
  const failure = keyFailureOf(error);
  if (error !== undefined && failure === undefined) throw error;
  useEffect(() => {
    if (failure?.reason === "NOT_PAIRED") onUnpaired();
  }, [error]);
  return (
    <>
      <p>{t("key-daemon-explained")}</p>
      <button type="button" disabled={busy} aria-busy={busy} onClick={() => taking.key.choose({ way: "daemon" })}>
        {t("key-daemon-sign")}
      </button>
      <p role="status">{busy && taking.told.value}</p>
      {failure !== undefined && <FailureNote failure={failure} />}
      {failure?.reason === "NO_DAEMON" && <DaemonPort onChanged={onUnpaired} />}
    </>
  );
}
