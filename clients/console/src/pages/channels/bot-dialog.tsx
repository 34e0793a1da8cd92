import { t } from "@countersign/pages";
import type { Bot } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { ChangeDialog } from "../../ui/change-dialog.tsx";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { TestDialog } from "./test-dialog.tsx";

/** What is about to be done to a bot. */
export type BotAct = "pause" | "disable" | "resume" | "enable" | "test";

interface BotDialogProps {
  readonly bot: Bot;
  readonly act: BotAct;
  readonly onClose: (done: boolean) => void;
}

/** Pausing and disabling act at once; resuming and enabling are changes; a test message changes nothing. */
export function BotDialog({ bot, act, onClose }: BotDialogProps): JSX.Element {
  if (act === "test") return <TestDialog bot={bot} onClose={() => onClose(false)} />;
  const { botId, name } = bot;
  const at = { tenantId: tenantId.value, botId };
  const title = t(`channels-${act}-title`, { name });
  const means = <p>{t(`channels-${act}-means`)}</p>;
  if (act === "pause" || act === "disable") {
    const stop = async (): Promise<void> => void (await (act === "pause" ? admin.pauseBot(at) : admin.disableBot(at)));
    return (
      <ConfirmStop title={title} verb={t(`channels-${act}`)} onStop={stop} onClose={onClose}>
        {means}
      </ConfirmStop>
    );
  }
  const $case = act === "resume" ? "resumeBot" : "enableBot";
  return (
    <ChangeDialog title={title} tenantId={tenantId.value} what={{ $case, value: { botId } }} onClose={onClose}>
      {means}
    </ChangeDialog>
  );
}
