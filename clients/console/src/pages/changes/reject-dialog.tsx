import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";

const LONGEST = 140;

/** Ends a change, with a reason that the others read. */
export function RejectDialog({ changeId, onClose }: { changeId: string; onClose: () => void }): JSX.Element {
  const [reason, setReason] = useState("");
  return (
    <ConfirmStop
      title={t("changes-reject-title")}
      verb={t("changes-reject")}
      onStop={async () => void (await admin.rejectChange({ changeId, reason }))}
      onClose={onClose}
    >
      <p>{t("changes-reject-means")}</p>
      <label>
        {t("changes-reject-reason")}
        <input
          type="text"
          maxLength={LONGEST}
          dir="auto"
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
    </ConfirmStop>
  );
}
