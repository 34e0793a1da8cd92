import { t } from "@countersign/pages";
import { Role } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { tenants } from "../../shell/tenant.ts";
import { DrawingDialog } from "./drawing-dialog.tsx";
import { Choice, TextField } from "../../ui/field.tsx";

const ROLES = [Role.OWNER, Role.ADMIN, Role.OPERATOR, Role.AUDITOR] as const;
const NAME = "[A-Za-z0-9._@+\\-]{1,64}";

/** Invites an administrator: of the whole installation, or of one tenant. */
export function NewAdminDialog({ onClose }: { onClose: (applied: boolean) => void }): JSX.Element {
  const [adminId, setAdminId] = useState("");
  const [role, setRole] = useState<Role>(Role.OPERATOR);
  const [of, setOf] = useState("");
  const parties = tenants.value.filter(({ isAdministration }) => !isAdministration);
  // An owner is of the installation, an admin of one tenant.
  const all = role === Role.ADMIN ? [] : [["", t("administrators-everywhere")] as const];
  const some = role === Role.OWNER ? [] : parties.map(({ tenantId, issuer }) => [tenantId, issuer] as const);
  const choices = [...all, ...some];
  const tenantId = choices.some(([value]) => value === of) ? of : (choices[0]?.[0] ?? "");
  return (
    <DrawingDialog
      title={t("administrators-new-admin")}
      tenantId=""
      prefix="cs_invite_"
      fileName={`invitation-${adminId}`}
      whatOf={(invitationSha256) => ({ $case: "createAdmin", value: { adminId, role, tenantId, invitationSha256 } })}
      onClose={onClose}
    >
      <TextField label={t("administrators-new-admin-name")} value={adminId} pattern={NAME} onInput={setAdminId} />
      <Choice
        label={t("administrators-role")}
        value={String(role)}
        options={ROLES.map((each) => [String(each), t(`role-${each}`)])}
        onInput={(value) => setRole(ROLES.find((each) => String(each) === value) ?? Role.OPERATOR)}
      />
      <Choice label={t("administrators-where")} value={tenantId} options={choices} onInput={setOf} />
    </DrawingDialog>
  );
}
