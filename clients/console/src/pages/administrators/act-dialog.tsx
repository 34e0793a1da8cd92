import { t } from "@countersign/pages";
import type { Action } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { ChangeDialog } from "../../ui/change-dialog.tsx";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { type Holder } from "./holder.ts";
import { RotateDialog } from "./rotate-dialog.tsx";

/** What is about to be done to who holds tokens. */
export type HolderAct = "disable" | "enable" | "rotate";

interface ActDialogProps {
  readonly of: Holder;
  readonly act: HolderAct;
  readonly onClose: () => void;
}

/** Disabling acts at once; enabling, and a further token, are changes. */
export function ActDialog({ of, act, onClose }: ActDialogProps): JSX.Element {
  if (act === "rotate") return <RotateDialog of={of} onClose={onClose} />;
  const title = t(`administrators-${act}-title`, { name: of.name });
  if (act === "disable") {
    return (
      <ConfirmStop title={title} verb={t("administrators-disable")} onStop={() => disable(of)} onClose={onClose}>
        <p>{t(DISABLING[of.kind])}</p>
      </ConfirmStop>
    );
  }
  const where = of.kind === "admin" ? "" : tenantId.value;
  return (
    <ChangeDialog title={title} tenantId={where} what={enabling(of)} onClose={onClose}>
      <p>{t("administrators-enable-means")}</p>
    </ChangeDialog>
  );
}

const DISABLING: Readonly<Record<Holder["kind"], string>> = {
  app: "administrators-disable-app-means",
  bot: "channels-disable-means",
  admin: "administrators-disable-admin-means",
};

async function disable({ kind, id }: Holder): Promise<void> {
  if (kind === "admin") await admin.disableAdmin({ adminId: id });
  else if (kind === "app") await admin.disableApp({ tenantId: tenantId.value, appId: id });
  else await admin.disableBot({ tenantId: tenantId.value, botId: id });
}

function enabling({ kind, id }: Holder): NonNullable<Action["what"]> {
  switch (kind) {
    case "admin":
      return { $case: "enableAdmin", value: { adminId: id } };
    case "app":
      return { $case: "enableApp", value: { appId: id } };
    case "bot":
      return { $case: "enableBot", value: { botId: id } };
  }
}
