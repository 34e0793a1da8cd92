import { t } from "@countersign/pages";
import type { Webhook } from "@countersign/proto/web/admin/v1/webhook_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { webhooks } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { useAction } from "../../ui/use-action.ts";
import { SecretTold } from "./secret-told.tsx";

/** A new signing secret; the one before signs along for a day. */
export function RotateDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }): JSX.Element {
  const [secret, setSecret] = useState<string | undefined>(undefined);
  // The page looks again by itself: what is replaced is what was there when it was asked for.
  const [{ endpointId, generation, url }] = useState(webhook);
  const { busy, failure, run } = useAction();
  const rotate = async (): Promise<void> => {
    const answer = await webhooks.rotate({ tenantId: tenantId.value, endpointId, fromGeneration: generation });
    setSecret(answer.secret);
  };
  return (
    <Dialog title={t("webhooks-rotate-title")} busy={busy} onClose={onClose}>
      {secret !== undefined ? (
        <SecretTold secret={secret} onClose={onClose}>
          {t("webhooks-rotated")}
        </SecretTold>
      ) : (
        <>
          <p>
            <code class="id" dir="ltr">
              {url}
            </code>
          </p>
          <p>{t("webhooks-rotate-means")}</p>
          {failure !== undefined && <FailureNote failure={failure} />}
          <footer>
            <button type="button" class="secondary" disabled={busy} onClick={onClose}>
              {t("cancel")}
            </button>
            <button type="button" aria-busy={busy} disabled={busy} onClick={() => void run(rotate)}>
              {t("webhooks-rotate")}
            </button>
          </footer>
        </>
      )}
    </Dialog>
  );
}
