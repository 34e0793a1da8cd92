import { announce, saveFile, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { CopyId } from "../state/copy-id.tsx";

interface SecretToldProps {
  readonly secret: string;
  /** What is true now. */
  readonly children: string;
  readonly onClose: () => void;
}

/** The one moment at which a signing secret is told. It is in this component alone, and gone with it. */
export function SecretTold({ secret, children, onClose }: SecretToldProps): JSX.Element {
  useEffect(() => announce(children), []);
  return (
    <>
      <p>{children}</p>
      <p class="note note-warn">{t("webhooks-secret-once")}</p>
      <p>
        {t("webhooks-secret")}: <CopyId id={secret} name={t("webhooks-secret")} />
      </p>
      <footer>
        <button type="button" class="secondary" onClick={() => saveFile("webhook.secret", `${secret}\n`)}>
          {t("webhooks-secret-save")}
        </button>
        <button type="button" onClick={onClose}>
          {t("webhooks-secret-kept")}
        </button>
      </footer>
    </>
  );
}
