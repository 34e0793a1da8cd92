import { msOf, t } from "@countersign/pages";
import { type Key, KeyState } from "@countersign/proto/web/core/v1/key_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { IdText } from "../../ui/id-text.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { toneOfKey } from "../state/state-words.ts";
import { type KeyAct, KeyDialog } from "./key-dialog.tsx";

interface KeyTableProps {
  readonly userId: string;
  readonly version: number;
  readonly onChanged: () => void;
}

/** Keys of a user, oldest first. */
export function KeyTable({ userId, version, onChanged }: KeyTableProps): JSX.Element {
  const [asked, setAsked] = useState<{ readonly of: Key; readonly act: KeyAct } | undefined>(undefined);
  const load = async (pageToken: string, signal: AbortSignal): Promise<Rows<Key>> => {
    const { keys, nextPageToken } = await admin.listKeys({ tenantId: tenantId.value, userId, pageToken }, { signal });
    return { rows: keys, nextPageToken };
  };
  return (
    <>
      <DataTable
        caption={t("users-keys")}
        columns={columns((of, act) => setAsked({ of, act }))}
        rowKey={({ keyId }) => keyId}
        load={load}
        of={userId}
        empty={t("users-no-keys")}
        version={version}
      />
      {asked !== undefined && (
        <KeyDialog
          {...asked}
          onClose={() => {
            setAsked(undefined);
            onChanged();
          }}
        />
      )}
    </>
  );
}

function columns(ask: (of: Key, act: KeyAct) => void): readonly Column<Key>[] {
  return [
    { id: "key", header: t("users-key"), cell: NameOf, isHeader: true },
    {
      id: "state",
      header: t("page-state"),
      cell: ({ state }) => <StateBadge tone={toneOfKey(state)}>{t(`key-state-${state}`)}</StateBadge>,
    },
    { id: "type", header: t("users-key-type"), cell: TypeOf },
    { id: "fingerprint", header: t("users-fingerprint"), cell: FingerprintOf },
    { id: "enrolled", header: t("users-enrolled"), cell: EnrolledOf },
    { id: "actions", header: t("page-actions"), cell: (of) => <Actions of={of} ask={ask} /> },
  ];
}

function NameOf({ name, serial, keyId }: Key): JSX.Element {
  return (
    <span class="stacked">
      <span dir="auto">{name === "" ? serial : name}</span>
      <small>
        <IdText>{keyId}</IdText>
      </small>
    </span>
  );
}

function TypeOf({ type, model, attested }: Key): JSX.Element {
  return (
    <span class="stacked">
      {t(`key-type-${type}`)}
      <small dir="auto">{model}</small>
      {!attested && <small>{t("users-not-attested")}</small>}
    </span>
  );
}

// What has to be read from the key's own display is not there to be copied.
function FingerprintOf({ state, fingerprint }: Key): JSX.Element {
  if (state === KeyState.PROVISIONAL) return <small>{t("users-fingerprint-his")}</small>;
  return <code dir="ltr">{fingerprint}</code>;
}

function EnrolledOf({ enrolledAt, heldUntil }: Key): JSX.Element {
  return (
    <span class="stacked">
      <TimeText at={enrolledAt} />
      {heldUntil !== undefined && msOf(heldUntil) > Date.now() && (
        <small>
          {t("users-held")} <TimeText at={heldUntil} />
        </small>
      )}
    </span>
  );
}

function Actions({ of, ask }: { of: Key; ask: (of: Key, act: KeyAct) => void }): JSX.Element {
  const what = of.name === "" ? of.serial : of.name;
  const button = (act: KeyAct): JSX.Element => (
    <button
      type="button"
      class="secondary outline small"
      aria-label={t("users-of", { verb: t(`users-${act}`), what })}
      onClick={() => ask(of, act)}
    >
      {t(`users-${act}`)}
    </button>
  );
  return (
    <span class="row-actions">
      {of.state === KeyState.PROVISIONAL && <Allowed to="change">{button("confirm")}</Allowed>}
      {of.state !== KeyState.REVOKED && <Allowed to="stop">{button("revoke")}</Allowed>}
    </span>
  );
}
