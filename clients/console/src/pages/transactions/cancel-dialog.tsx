import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";

interface CancelDialogProps {
  readonly transactionId: string;
  readonly onClose: (done: boolean) => void;
}

const LONGEST = 140;

/** Withdraws a transaction, with a reason that its user reads. */
export function CancelDialog({ transactionId, onClose }: CancelDialogProps): JSX.Element {
  const [reason, setReason] = useState("");
  const request = { tenantId: tenantId.value, transactionId, reason };
  return (
    <ConfirmStop
      title={t("transactions-cancel-title")}
      verb={t("transactions-cancel")}
      onStop={async () => void (await admin.cancelTransaction(request))}
      onClose={onClose}
    >
      <p>{t("transactions-cancel-means")}</p>
      <label>
        {t("transactions-cancel-reason")}
        <input
          type="text"
          required
          maxLength={LONGEST}
          dir="auto"
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
    </ConfirmStop>
  );
}
