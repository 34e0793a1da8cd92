import { announce, t } from "@countersign/pages";
import type { ComponentChildren, JSX } from "preact";
import { Dialog } from "./dialog.tsx";
import { FailureNote } from "./failure-note.tsx";
import { useAction } from "./use-action.ts";

interface ConfirmStopProps {
  /** What is about to be stopped: "Freeze anna?" */
  readonly title: string;
  /** On the button that does it: "Freeze". */
  readonly verb: string;
  /** What it means, and how it is undone. */
  readonly children: ComponentChildren;
  /** It goes on again, rather than stops, and its right is all that it takes: no button of danger. */
  readonly loosens?: boolean;
  /** Calls the core. Its refusal is shown in the dialog. */
  readonly onStop: () => Promise<void>;
  /** It is done, or the user thought better of it. */
  readonly onClose: (done: boolean) => void;
}

/** Asks once before something is stopped. Stops act at once and need no key. */
export function ConfirmStop({ title, verb, children, loosens, onStop, onClose }: ConfirmStopProps): JSX.Element {
  const { busy, failure, run } = useAction();
  const stop = async (): Promise<void> => {
    if (!(await run(onStop))) return;
    announce(t("done", { what: verb }));
    onClose(true);
  };
  return (
    <Dialog title={title} busy={busy} onClose={() => onClose(false)}>
      <div>{children}</div>
      {failure !== undefined && <FailureNote failure={failure} />}
      <footer>
        <button type="button" class="secondary" disabled={busy} onClick={() => onClose(false)}>
          {t("cancel")}
        </button>
        <button
          {...{ type: "button", class: loosens === true ? undefined : "danger", disabled: busy, "aria-busy": busy }}
          onClick={() => void stop()}
        >
          {verb}
        </button>
      </footer>
    </Dialog>
  );
}
