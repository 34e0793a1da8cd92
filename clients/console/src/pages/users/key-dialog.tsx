import { t } from "@countersign/pages";
import type { Key } from "@countersign/proto/web/core/v1/key_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { ChangeDialog } from "../../ui/change-dialog.tsx";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { fingerprintOf } from "./fingerprint.ts";

/** What is about to be done to a key. */
export type KeyAct = "revoke" | "confirm";

interface KeyDialogProps {
  readonly of: Key;
  readonly act: KeyAct;
  readonly onClose: () => void;
}

/** Revoking acts at once; confirming a first key is a change, with the fingerprint that its owner reads out. */
export function KeyDialog({ of, act, onClose }: KeyDialogProps): JSX.Element {
  const { keyId, userId } = of;
  const [typed, setTyped] = useState("");
  const at = { tenantId: tenantId.value, keyId };
  if (act === "revoke") {
    return (
      <ConfirmStop
        title={t("users-revoke-key-title")}
        verb={t("users-revoke")}
        onStop={async () => void (await admin.revokeKey(at))}
        onClose={onClose}
      >
        <p>{t("users-revoke-key-means")}</p>
      </ConfirmStop>
    );
  }
  return (
    <ChangeDialog
      title={t("users-confirm-title", { user: userId })}
      tenantId={tenantId.value}
      what={{ $case: "confirmKey", value: { keyId, fingerprint: fingerprintOf(typed) } }}
      onClose={onClose}
    >
      <p>{t("users-confirm-means")}</p>
      <label>
        {t("users-confirm-fingerprint")}
        <input
          type="text"
          class="digits"
          dir="ltr"
          autoComplete="off"
          spellcheck={false}
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
    </ChangeDialog>
  );
}
