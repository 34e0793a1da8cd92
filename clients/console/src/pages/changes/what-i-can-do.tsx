import { t } from "@countersign/pages";
import { type Change, ChangeState } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { me } from "../../shell/me.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { mayApprove } from "./may-approve.ts";

interface WhatICanDoProps {
  readonly change: Change;
  readonly ask: (what: "approve" | "reject") => void;
}

/** Agreeing and rejecting, for those who may; why not, for those who asked for it or have signed. */
export function WhatICanDo({ change, ask }: WhatICanDoProps): JSX.Element | null {
  const { state, requestedBy, approvals } = change;
  const { value: my } = me;
  if (my === undefined || (state !== ChangeState.REQUESTED && state !== ChangeState.PARTIAL)) return null;
  const isMine = my.adminId === requestedBy;
  const haveSigned = approvals.some(({ adminId }) => adminId === my.adminId);
  const maySign = isMine ? state === ChangeState.REQUESTED : state === ChangeState.PARTIAL && mayApprove(my, change);
  return (
    <Allowed to="change">
      {haveSigned && <p class="note">{t("changes-have-signed")}</p>}
      {isMine && state === ChangeState.PARTIAL && <p class="note">{t("changes-own")}</p>}
      <div class="page-actions">
        {maySign && (
          <button type="button" onClick={() => ask("approve")}>
            {t(isMine ? "changes-again" : "changes-approve")}
          </button>
        )}
        <button type="button" class="danger" onClick={() => ask("reject")}>
          {t("changes-reject")}
        </button>
      </div>
    </Allowed>
  );
}
