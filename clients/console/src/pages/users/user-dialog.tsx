import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { ChangeDialog } from "../../ui/change-dialog.tsx";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { InviteDialog } from "./invite-dialog.tsx";

/** What is about to be done to a user. */
export type UserAct = "freeze" | "suspend" | "resume" | "thaw" | "invite";

interface UserDialogProps {
  readonly userId: string;
  readonly act: UserAct;
  readonly onClose: () => void;
}

/** Freezing and suspending act at once; resuming and thawing are changes. */
export function UserDialog({ userId, act, onClose }: UserDialogProps): JSX.Element {
  if (act === "invite") return <InviteDialog userId={userId} onClose={onClose} />;
  const at = { tenantId: tenantId.value, userId };
  const title = t(`users-${act}-title`, { user: userId });
  const means = <p>{t(`users-${act}-means`)}</p>;
  if (act === "freeze" || act === "suspend") {
    const stop = async (): Promise<void> =>
      void (await (act === "freeze" ? admin.freezeUser(at) : admin.suspendUser(at)));
    return (
      <ConfirmStop title={title} verb={t(`users-${act}`)} onStop={stop} onClose={onClose}>
        {means}
      </ConfirmStop>
    );
  }
  const $case = act === "resume" ? "resumeUser" : "thawUser";
  return (
    <ChangeDialog title={title} tenantId={tenantId.value} what={{ $case, value: { userId } }} onClose={onClose}>
      {means}
    </ChangeDialog>
  );
}
