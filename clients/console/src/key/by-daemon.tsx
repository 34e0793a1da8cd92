import { DaemonPort, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { FailureNote } from "../ui/failure-note.tsx";
import { useVersion } from "../ui/use-version.ts";
import type { Asked } from "./chosen-key.ts";
import { daemon } from "./daemon.ts";
import { keyFailureOf } from "./key-failure.ts";
import { Pair } from "./pair.tsx";
import type { Taking } from "./taking.ts";

/** A key at this PC, through its daemon: it shows the lines itself, and PIN and code are typed on it. */
export function ByDaemon({ taking }: { taking: Taking }): JSX.Element {
  const [, lookAgain] = useVersion();
  const heading = useId();
  const { value: asked } = taking.key.asked;
  // A daemon that ended the pairing says so when it is asked; who pairs anew goes on here.
  const paired = daemon().wasPaired;
  return (
    <section class="way" aria-labelledby={heading}>
      <h3 id={heading}>{t("key-daemon-title")}</h3>
      {paired ? (
        <AtTheKey taking={taking} asked={asked?.way === "daemon" ? asked : undefined} onPort={lookAgain} />
      ) : (
        <Pair onPaired={lookAgain} />
      )}
    </section>
  );
}

interface AtTheKeyProps {
  readonly taking: Taking;
  /** Undefined: this way was not chosen. */
  readonly asked: Asked | undefined;
  readonly onPort: () => void;
}

function AtTheKey({ taking, asked, onPort }: AtTheKeyProps): JSX.Element {
  const { busy = false, error } = asked ?? {};
  const failure = keyFailureOf(error);
  if (error !== undefined && failure === undefined) throw error;
  return (
    <>
      <p>{t("key-daemon-explained")}</p>
      <button type="button" disabled={busy} aria-busy={busy} onClick={() => taking.key.choose({ way: "daemon" })}>
        {t("key-daemon-sign")}
      </button>
      <p role="status">{busy && taking.told.value}</p>
      {failure !== undefined && failure.reason !== "NOT_PAIRED" && <FailureNote failure={failure} />}
      {failure?.reason === "NO_DAEMON" && <DaemonPort onChanged={onPort} />}
    </>
  );
}
