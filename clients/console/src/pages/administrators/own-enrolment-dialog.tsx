import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { t } from "../../i18n/words.ts";
import { EnrolmentDialog } from "../users/invite-dialog.tsx";

/** Enrols a key of one's own. */
export function OwnEnrolmentDialog({ name, onClose }: { name: string; onClose: () => void }): JSX.Element {
  return (
    <EnrolmentDialog
      name={name}
      title={t("administrators-enrol")}
      means={t("administrators-enrol-means")}
      begin={async (requestId, fido) => (await admin.beginOwnEnrolment({ requestId, fido })).enrolment}
      onClose={onClose}
    />
  );
}
