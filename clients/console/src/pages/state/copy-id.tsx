import { announce, t } from "@countersign/pages";
import type { JSX } from "preact";
import { IdText } from "../../ui/id-text.tsx";

/** An id, whole, and a button that copies it where the browser lets pages copy. */
export function CopyId({ id, name }: { id: string; name: string }): JSX.Element {
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(id);
    announce(t("page-copied", { name }));
  };
  return (
    <span class="copy-id">
      <IdText>{id}</IdText>
      {window.isSecureContext && (
        <button type="button" class="link" aria-label={t("page-copy-of", { name })} onClick={() => void copy()}>
          {t("page-copy")}
        </button>
      )}
    </span>
  );
}
