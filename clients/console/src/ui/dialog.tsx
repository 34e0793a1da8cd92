import { t } from "@countersign/pages";
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  /** The user closed it, by its button or by Escape. */
  readonly onClose: () => void;
  /** It cannot be closed while something is being done. */
  readonly busy?: boolean;
  readonly children: ComponentChildren;
}

/**
 * A native modal dialog: the browser keeps the focus in it, closes it by Escape and gives the focus back to what opened
 * it. It is there as long as the component is.
 */
export function Dialog({ title, onClose, busy = false, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // At once: what lies behind it cannot be pressed a second time.
  useLayoutEffect(() => {
    const { current: shown } = dialog;
    shown?.showModal();
    // The browser gives the focus back when it is closed, and to nobody when it is taken away while it is open.
    return () => shown?.close();
  }, []);
  const cancel = (event: Event): void => {
    event.preventDefault();
    if (!busy) onClose();
  };
  return (
    <dialog ref={dialog} aria-labelledby={heading} onCancel={cancel}>
      <article>
        <header>
          <button type="button" class="close" aria-label={t("close")} disabled={busy} onClick={onClose} />
          <h2 id={heading}>{title}</h2>
        </header>
        {children}
      </article>
    </dialog>
  );
}
