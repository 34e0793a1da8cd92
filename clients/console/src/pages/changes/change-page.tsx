import { announce, Lines, t } from "@countersign/pages";
import type { Change } from "@countersign/proto/web/admin/v1/admin_service";
import { ChangeState } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { tenants } from "../../shell/tenant.ts";
import { ApproveDialog } from "../../ui/change-dialog.tsx";
import { changeIsOver, changeTone, changeWords } from "../../ui/change-words.ts";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Page } from "../../ui/page.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { useLookAgain } from "../../ui/use-look-again.ts";
import { CopyId } from "../state/copy-id.tsx";
import { Facts } from "../state/facts.tsx";
import { actionWords } from "./changes-page.tsx";
import { Missing } from "./missing.tsx";
import { RejectDialog } from "./reject-dialog.tsx";
import { WhatICanDo } from "./what-i-can-do.tsx";

const LOOK_AGAIN_MS = 3_000;

/** One change: what it does, who has signed, who is missing. Followed until nothing more comes of it. */
export function ChangePage({ changeId }: { changeId: string }): JSX.Element {
  const ask = (signal: AbortSignal): Promise<{ change: Change | undefined }> =>
    admin.getChange({ changeId }, { signal }).then(({ change }) => ({ change }));
  const { value, failure, loading, reload } = useLoad(ask, changeId);
  const change = value?.change;
  const [asked, setAsked] = useState<"approve" | "reject" | undefined>(undefined);
  const [told, setTold] = useState("");
  const state = change?.state ?? ChangeState.UNSPECIFIED;
  const words = change === undefined ? "" : changeWords(change);
  useEffect(() => {
    if (told !== "" && words !== told) announce(words);
    setTold(words);
  }, [words]);
  useLookAgain(reload, changeIsOver(state) ? undefined : LOOK_AGAIN_MS, loading);
  const close = (): void => {
    setAsked(undefined);
    reload();
  };
  return (
    <Page title={change === undefined ? t("page-change-state") : actionWords(change)} acts="change">
      <p>
        <a href={formatRoute({ page: "changes" })}>{t("page-back")}</a>
      </p>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {value === undefined && failure === undefined && <p aria-busy="true">{t("loading")}</p>}
      {change !== undefined && (
        <>
          <p>
            <StateBadge tone={changeTone(state)}>{words}</StateBadge>
          </p>
          <WhatICanDo change={change} ask={setAsked} />
          <h2>{t("changes-lines")}</h2>
          <Lines lines={change.lines} />
          <h2>{t("changes-signed")}</h2>
          <Signed change={change} />
          {!changeIsOver(state) && state !== ChangeState.APPROVED && <Missing change={change} />}
          <h2>{t("transactions-facts")}</h2>
          <ChangeFacts change={change} />
        </>
      )}
      {asked === "approve" && change !== undefined && <ApproveDialog change={change} onClose={close} />}
      {asked === "reject" && <RejectDialog changeId={changeId} onClose={close} />}
    </Page>
  );
}

function Signed({ change: { approvals } }: { change: Change }): JSX.Element {
  if (approvals.length === 0) return <p class="note">{t("changes-nobody")}</p>;
  return (
    <ul>
      {approvals.map(({ adminId, approvedAt }) => (
        <li key={adminId}>
          <span dir="auto">{adminId}</span> · <TimeText at={approvedAt} />
        </li>
      ))}
    </ul>
  );
}

function ChangeFacts({ change }: { change: Change }): JSX.Element {
  const tenant = tenants.value.find(({ tenantId }) => tenantId === change.tenantId);
  const where = change.tenantId === "" ? t("changes-installation") : (tenant?.issuer ?? change.tenantId);
  return (
    <Facts
      facts={[
        [t("changes-who"), change.requestedBy],
        [t("changes-when"), change.requestedAt && <TimeText at={change.requestedAt} />],
        [t("changes-where"), where],
        [t("changes-level"), t(`change-level-${change.level}`)],
        [t("changes-until"), !changeIsOver(change.state) && change.expiresAt && <TimeText at={change.expiresAt} />],
        [t("changes-rejected-by"), change.rejectedBy],
        [t("page-reason"), change.failure !== "" && <code dir="ltr">{change.failure}</code>],
        [t("changes-detail"), change.detail],
        [t("changes-id"), <CopyId key="id" id={change.changeId} name={t("changes-id")} />],
        [
          t("changes-created"),
          change.state === ChangeState.APPLIED && change.createdId !== "" && (
            <CopyId id={change.createdId} name={t("changes-created")} />
          ),
        ],
      ]}
    />
  );
}
