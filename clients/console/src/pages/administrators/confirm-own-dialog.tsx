import { type Key, KeyState } from "@countersign/proto/web/core/v1/key_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { t } from "../../i18n/words.ts";
import type { Me } from "../../shell/me.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { useAction } from "../../ui/use-action.ts";
import { useLoad } from "../../ui/use-load.ts";
import { fingerprintOf } from "../users/fingerprint.ts";
import { TextField } from "./field.tsx";

/** Confirms the first administrator's first key, by the fingerprint on its display. Once in an installation's life. */
export function ConfirmOwnDialog({ me, onClose }: { me: Me; onClose: () => void }): JSX.Element {
  const [typed, setTyped] = useState("");
  const { busy, failure, run } = useAction();
  const waiting = useLoad((signal) => provisionalKey(me, signal), me.admin.adminId);
  const key = waiting.value?.key;
  const confirm = async (): Promise<void> => {
    await admin.confirmOwnKey({ keyId: key?.keyId ?? "", fingerprint: fingerprintOf(typed) });
    onClose();
  };
  const refusal = failure ?? waiting.failure;
  return (
    <Dialog title={t("administrators-confirm-own")} busy={busy} onClose={onClose}>
      {waiting.value !== undefined && key === undefined && <p class="note">{t("administrators-no-provisional")}</p>}
      <p>{t("administrators-confirm-own-means")}</p>
      <TextField label={t("users-confirm-fingerprint")} value={typed} onInput={setTyped} />
      {refusal !== undefined && <FailureNote failure={refusal} />}
      <footer>
        <button type="button" class="secondary" disabled={busy} onClick={onClose}>
          {t("cancel")}
        </button>
        <button type="button" aria-busy={busy} disabled={busy || key === undefined} onClick={() => void run(confirm)}>
          {t("users-confirm")}
        </button>
      </footer>
    </Dialog>
  );
}

async function provisionalKey(me: Me, signal: AbortSignal): Promise<{ readonly key: Key | undefined }> {
  const request = {
    tenantId: me.administrationTenantId,
    userId: me.admin.adminId,
    state: KeyState.PROVISIONAL,
    pageSize: 100,
  };
  const { keys } = await admin.listKeys(request, { signal });
  return { key: keys.at(-1) };
}
