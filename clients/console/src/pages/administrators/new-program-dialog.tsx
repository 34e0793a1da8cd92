import { t } from "@countersign/pages";
import { AppScope } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { tenantId } from "../../shell/tenant.ts";
import { PLATFORMS } from "../state/platforms.ts";
import { DrawingDialog } from "./drawing-dialog.tsx";
import { Choice, TextField } from "../../ui/field.tsx";

interface NewProgramDialogProps {
  readonly onClose: (applied: boolean) => void;
}

/** As the core takes them. */
const PROGRAM_NAME = "[a-z0-9\\-]{1,32}";
const SCOPES = [AppScope.SUBMIT, AppScope.EXECUTE] as const;

/** A further app. */
export function NewAppDialog({ onClose }: NewProgramDialogProps): JSX.Element {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<AppScope>(AppScope.SUBMIT);
  return (
    <DrawingDialog
      title={t("administrators-new-app")}
      tenantId={tenantId.value}
      prefix="cs_app_"
      fileName={name}
      whatOf={(tokenSha256) => ({ $case: "createApp", value: { name, scope, tokenSha256 } })}
      onClose={onClose}
    >
      <TextField label={t("administrators-new-app-name")} value={name} pattern={PROGRAM_NAME} onInput={setName} />
      <Choice
        label={t("administrators-scope")}
        value={String(scope)}
        options={SCOPES.map((each) => [String(each), t(`administrators-scope-${each}`)])}
        onInput={(value) => setScope(SCOPES.find((each) => String(each) === value) ?? AppScope.SUBMIT)}
      />
    </DrawingDialog>
  );
}

/** A further bot. */
export function NewBotDialog({ onClose }: NewProgramDialogProps): JSX.Element {
  const [name, setName] = useState("");
  const [platform, setPlatform] = useState<string>(PLATFORMS[0]);
  return (
    <DrawingDialog
      title={t("administrators-new-bot")}
      tenantId={tenantId.value}
      prefix="cs_bot_"
      fileName={name}
      whatOf={(tokenSha256) => ({ $case: "createBot", value: { name, platform, tokenSha256 } })}
      onClose={onClose}
    >
      <TextField label={t("administrators-new-app-name")} value={name} pattern={PROGRAM_NAME} onInput={setName} />
      <Choice
        label={t("page-platform")}
        value={platform}
        options={PLATFORMS.map((each) => [each, each])}
        onInput={setPlatform}
      />
    </DrawingDialog>
  );
}
