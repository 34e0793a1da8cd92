import { t } from "@countersign/pages";
import type { Bot } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import type { Right } from "../../shell/right.ts";
import { formatRoute } from "../../shell/route.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { Page } from "../../ui/page.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { useVersion } from "../../ui/use-version.ts";
import { type BotAct, BotDialog } from "./bot-dialog.tsx";
import { BotState } from "./bot-state.tsx";

const LOOK_AGAIN_MS = 5_000;
/** The core counts up to here. */
const COUNTED = 1000;

/** Bots: how each stands, and what stops or resumes it. */
export function ChannelsPage(): JSX.Element {
  const [version, raise] = useVersion();
  const [asked, setAsked] = useState<{ readonly bot: Bot; readonly act: BotAct } | undefined>(undefined);
  const close = (): void => {
    setAsked(undefined);
    raise();
  };
  return (
    <Page title={t("nav-channels")} lead={t("channels-lead")} acts="stop">
      <DataTable
        caption={t("channels-caption")}
        columns={columns((bot, act) => setAsked({ bot, act }))}
        rowKey={({ botId }) => botId}
        load={loadBots}
        of={tenantId.value}
        empty={t("channels-none")}
        version={version}
        everyMs={LOOK_AGAIN_MS}
      />
      {asked !== undefined && <BotDialog {...asked} onClose={close} />}
    </Page>
  );
}

async function loadBots(pageToken: string, signal: AbortSignal): Promise<Rows<Bot>> {
  const request = { tenantId: tenantId.value, includeDisabled: true, pageToken };
  const { bots, nextPageToken } = await admin.listBots(request, { signal });
  return { rows: bots, nextPageToken };
}

function columns(ask: (bot: Bot, act: BotAct) => void): readonly Column<Bot>[] {
  return [
    { id: "name", header: t("channels-name"), cell: NameOf, isHeader: true },
    { id: "state", header: t("channels-state"), cell: (bot) => <BotState bot={bot} /> },
    { id: "waiting", header: t("channels-waiting"), cell: WaitingOf },
    { id: "sent", header: t("channels-sent"), cell: SentOf },
    { id: "failed", header: t("channels-failed"), cell: FailedOf },
    { id: "actions", header: t("channels-actions"), cell: (bot) => <Actions bot={bot} ask={ask} /> },
  ];
}

function NameOf({ name, platform }: Bot): JSX.Element {
  return (
    <span class="stacked">
      <span dir="auto">{name}</span>
      {name !== platform && <small>{platform}</small>}
    </span>
  );
}

function WaitingOf({ waiting, platform }: Bot): JSX.Element {
  if (waiting === 0) return <>0</>;
  const address = formatRoute({ page: "deliveries", query: { platform } });
  return <a href={address}>{waiting >= COUNTED ? t("channels-many") : waiting}</a>;
}

function SentOf({ lastSentAt }: Bot): JSX.Element {
  return lastSentAt === undefined ? <>{t("channels-never")}</> : <TimeText at={lastSentAt} />;
}

function FailedOf({ lastFailedAt, lastFailure }: Bot): JSX.Element {
  if (lastFailedAt === undefined) return <>{t("channels-never")}</>;
  return (
    <span class="stacked">
      <TimeText at={lastFailedAt} />
      {lastFailure !== "" && <code dir="ltr">{lastFailure}</code>}
    </span>
  );
}

function Actions({ bot, ask }: { bot: Bot; ask: (bot: Bot, act: BotAct) => void }): JSX.Element {
  const { disabled, paused } = bot;
  const button = (act: BotAct, to: Right): JSX.Element => (
    <Allowed to={to}>
      <button
        type="button"
        class="secondary outline small"
        aria-label={t("channels-action-of", { verb: t(`channels-${act}`), name: bot.name })}
        onClick={() => ask(bot, act)}
      >
        {t(`channels-${act}`)}
      </button>
    </Allowed>
  );
  return (
    <span class="row-actions">
      {!disabled && button("test", "read")}
      {!disabled && !paused && button("pause", "stop")}
      {!disabled && paused && button("resume", "change")}
      {!disabled && button("disable", "stop")}
      {disabled && button("enable", "change")}
    </span>
  );
}
