import { saveFile, t } from "@countersign/pages";
import { toHex } from "@countersign/protocol";
import type { Action } from "@countersign/proto/web/admin/v1/admin_service";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { ChangeDialog } from "../../ui/change-dialog.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { IdText } from "../../ui/id-text.tsx";
import { drawToken, type TokenPrefix } from "./draw-token.ts";

interface DrawingDialogProps {
  readonly title: string;
  readonly tenantId: string;
  readonly prefix: TokenPrefix;
  /** Of the file, without its ending: what the token is for. */
  readonly fileName: string;
  /** Fields that say what is made. */
  readonly children: ComponentChildren;
  /** What is asked for, with the token's hash. */
  readonly whatOf: (tokenSha256: Uint8Array) => NonNullable<Action["what"]>;
  readonly onClose: (applied: boolean) => void;
}

const RANDOM_BYTES = 32;

interface Drawn {
  readonly sha256: Uint8Array;
  readonly file: string;
}

/**
 * Draws a token and saves it as a file before anything is asked for: one that opens something and that nobody has would
 * have to be revoked. Then asks for the change, with its hash.
 */
export function DrawingDialog(props: DrawingDialogProps): JSX.Element {
  const { title, tenantId, prefix, fileName, children, whatOf, onClose } = props;
  const [drawn, setDrawn] = useState<Drawn | undefined>(undefined);
  const [goesOn, setGoesOn] = useState(false);
  if (drawn !== undefined && goesOn) {
    return (
      <ChangeDialog title={title} tenantId={tenantId} what={whatOf(drawn.sha256)} onClose={onClose}>
        <p>
          {t("administrators-hash")} <IdText>{toHex(drawn.sha256)}</IdText>
        </p>
      </ChangeDialog>
    );
  }
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    const { sha256, line } = drawToken(prefix, crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
    const file = `${fileName === "" ? "countersign" : fileName}.token`;
    saveFile(file, line);
    setDrawn({ sha256, file });
  };
  return (
    <Dialog title={title} onClose={() => onClose(false)}>
      <form onSubmit={save}>
        <fieldset disabled={drawn !== undefined}>{children}</fieldset>
        <p>{t(prefix === "cs_invite_" ? "administrators-draw-invitation" : "administrators-draw-means")}</p>
        {drawn !== undefined && (
          <p class="note" role="status">
            {t("administrators-draw-saved", { file: drawn.file })}
          </p>
        )}
        <footer>
          <button type="button" class="secondary" onClick={() => onClose(false)}>
            {t("cancel")}
          </button>
          {drawn === undefined ? (
            <button type="submit">{t("administrators-draw-save")}</button>
          ) : (
            <button type="button" onClick={() => setGoesOn(true)}>
              {t("administrators-go-on")}
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
