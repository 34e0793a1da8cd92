import { t } from "@countersign/pages";
import type { Channel } from "@countersign/proto/web/core/v1/link_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { toneOfLink } from "../state/state-words.ts";

interface LinkTableProps {
  readonly userId: string;
  readonly version: number;
  readonly onChanged: () => void;
}

/** Channels of a user, in the order of delivery. */
export function LinkTable({ userId, version, onChanged }: LinkTableProps): JSX.Element {
  const [asked, setAsked] = useState<Channel | undefined>(undefined);
  const load = async (pageToken: string, signal: AbortSignal): Promise<Rows<Channel>> => {
    const request = { tenantId: tenantId.value, userId, pageToken };
    const { channels, nextPageToken } = await admin.listLinks(request, { signal });
    return { rows: channels, nextPageToken };
  };
  const close = (): void => {
    setAsked(undefined);
    onChanged();
  };
  return (
    <>
      <DataTable
        caption={t("users-channels")}
        columns={columns(setAsked)}
        rowKey={({ linkId }) => linkId}
        load={load}
        of={userId}
        empty={t("users-no-channels")}
        version={version}
      />
      {asked !== undefined && (
        <ConfirmStop
          title={t("users-unlink-title")}
          verb={t("users-unlink")}
          onStop={async () => void (await admin.revokeLink({ tenantId: tenantId.value, userId, linkId: asked.linkId }))}
          onClose={close}
        >
          <p>{t("users-unlink-means")}</p>
        </ConfirmStop>
      )}
    </>
  );
}

function columns(ask: (channel: Channel) => void): readonly Column<Channel>[] {
  return [
    { id: "platform", header: t("page-platform"), cell: ({ platform }) => platform, isHeader: true },
    { id: "peer", header: t("users-peer"), cell: PeerOf },
    {
      id: "state",
      header: t("page-state"),
      cell: ({ state }) => <StateBadge tone={toneOfLink(state)}>{t(`link-state-${state}`)}</StateBadge>,
    },
    { id: "assurance", header: t("users-assurance"), cell: ({ assurance }) => t(`assurance-${assurance}`) },
    { id: "linked", header: t("users-linked"), cell: ({ linkedAt }) => <TimeText at={linkedAt} /> },
    { id: "actions", header: t("page-actions"), cell: (channel) => <Unlink channel={channel} ask={ask} /> },
  ];
}

function PeerOf({ peerName, peerId }: Channel): JSX.Element {
  return (
    <span class="stacked">
      {peerName !== "" && <span dir="auto">{peerName}</span>}
      <code class="id" dir="ltr">
        {peerId}
      </code>
    </span>
  );
}

function Unlink({ channel, ask }: { channel: Channel; ask: (channel: Channel) => void }): JSX.Element {
  return (
    <Allowed to="stop">
      <button
        type="button"
        class="secondary outline small"
        aria-label={t("users-of", { verb: t("users-unlink"), what: channel.platform })}
        onClick={() => ask(channel)}
      >
        {t("users-unlink")}
      </button>
    </Allowed>
  );
}
