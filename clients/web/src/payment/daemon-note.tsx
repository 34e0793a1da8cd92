import { findWords, t } from "@countersign/pages";
import type { CoreError, KeyError } from "@countersign/sdk/browser";
import type { JSX } from "preact";

/** What the daemon of this PC said no with, and what helps. Announced when it appears. */
export function DaemonNote({ error }: { error: CoreError | KeyError }): JSX.Element {
  const { reason } = error;
  return (
    <p class="note note-bad" role="alert">
      <strong>
        {findWords(`reason-${reason}`) ?? t("daemon-other", { reason: reason === "" ? error.message : reason })}
      </strong>{" "}
      {findWords(`next-${reason}`)}
    </p>
  );
}
