import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ChangeDialog } from "../../ui/change-dialog.tsx";
import { TextField } from "../../ui/field.tsx";

/** A further relying party. */
export function NewTenantDialog({ onClose }: { onClose: (applied: boolean) => void }): JSX.Element {
  const [name, setName] = useState("");
  const [issuer, setIssuer] = useState("");
  return (
    <ChangeDialog
      title={t("administrators-new-tenant")}
      tenantId=""
      what={{ $case: "createTenant", value: { name, issuer } }}
      onClose={onClose}
    >
      <TextField label={t("administrators-new-tenant-name")} value={name} maxLength={64} onInput={setName} />
      <TextField label={t("administrators-new-tenant-issuer")} value={issuer} maxLength={20} onInput={setIssuer} />
    </ChangeDialog>
  );
}
