import { t } from "@countersign/pages";
import type { Bot } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";

/** How a bot stands, what stops it first. */
export function BotState({ bot }: { bot: Bot }): JSX.Element {
  if (bot.disabled) return <StateBadge tone="bad">{t("channels-disabled")}</StateBadge>;
  const attached = bot.attached ? (
    <StateBadge tone="good">{t("channels-attached")}</StateBadge>
  ) : (
    <>
      <StateBadge tone="bad">
        {t(bot.detachedSince === undefined ? "channels-never-attached" : "channels-detached")}
      </StateBadge>
      {bot.detachedSince !== undefined && (
        <small>
          {t("channels-since")} <TimeText at={bot.detachedSince} />
        </small>
      )}
    </>
  );
  return (
    <span class="stacked">
      {bot.paused && <StateBadge tone="waiting">{t("channels-paused")}</StateBadge>}
      {attached}
    </span>
  );
}
