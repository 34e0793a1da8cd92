import { announce, Lines, t } from "@countersign/pages";
import {
  type Action,
  type AdminServiceRequestChangeResponse,
  type Change,
  ChangeState,
} from "@countersign/proto/web/admin/v1/admin_service";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { admin } from "../connection/core.ts";
import { TakeToKey } from "../key/take-to-key.tsx";
import { changeIsOver, changeTone, changeWords } from "./change-words.ts";
import { Dialog } from "./dialog.tsx";
import { FailureNote } from "./failure-note.tsx";
import { IdText } from "./id-text.tsx";
import { StateBadge } from "./state-badge.tsx";
import { useAction } from "./use-action.ts";
import { useChange } from "./use-change.ts";

/** A change with what the caller's key is to sign for it: what RequestChange and ApproveChange answer. */
export type AskedChange = AdminServiceRequestChangeResponse;

interface ChangeDialogProps {
  /** What it is about: "Resume telegram?" */
  readonly title: string;
  /** What it means, before anything is asked for. */
  readonly children: ComponentChildren;
  /** Where it is done; "" for the installation. */
  readonly tenantId: string;
  readonly what: NonNullable<Action["what"]>;
  /** `applied`: the core has carried it out. Else it may still wait, for other administrators or for a key. */
  readonly onClose: (applied: boolean) => void;
}

/** Asks for something that loosens: explains it, has the administrator's own key sign it, and follows it until it is done. */
export function ChangeDialog({ tenantId, what, ...rest }: ChangeDialogProps): JSX.Element {
  const requestId = useMemo(() => crypto.randomUUID(), []);
  return <AskedDialog {...rest} begin={() => admin.requestChange({ requestId, tenantId, action: { what } })} />;
}

interface ApproveDialogProps {
  readonly change: Change;
  readonly onClose: (applied: boolean) => void;
}

/** Agrees to a change: the same, with the change that somebody asked for. */
export function ApproveDialog({ change, onClose }: ApproveDialogProps): JSX.Element {
  const requestId = useMemo(() => crypto.randomUUID(), []);
  return (
    <AskedDialog
      title={t("change-approve-title")}
      begin={() => admin.approveChange({ requestId, changeId: change.changeId })}
      onClose={onClose}
    >
      <p>{t("change-approve-explained", { who: change.requestedBy })}</p>
      <Lines lines={change.lines} />
    </AskedDialog>
  );
}

interface AskedDialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly begin: () => Promise<AskedChange>;
  readonly onClose: (applied: boolean) => void;
}

function AskedDialog({ title, children, begin, onClose }: AskedDialogProps): JSX.Element {
  const [asked, setAsked] = useState<AskedChange | undefined>(undefined);
  const { busy, failure, run } = useAction();
  const [applied, setApplied] = useState(false);
  const ask = (): void => void run(async () => setAsked(await begin()));
  return (
    <Dialog title={title} busy={busy} onClose={() => onClose(applied)}>
      {asked === undefined ? (
        <>
          {children}
          <p class="note">{t("change-takes-key")}</p>
          {failure !== undefined && <FailureNote failure={failure} />}
          <footer>
            <button type="button" class="secondary" disabled={busy} onClick={() => onClose(false)}>
              {t("cancel")}
            </button>
            <button type="button" aria-busy={busy} disabled={busy} onClick={ask}>
              {t("change-ask")}
            </button>
          </footer>
        </>
      ) : (
        <OnItsWay asked={asked} onApplied={() => setApplied(true)} onClose={() => onClose(applied)} />
      )}
    </Dialog>
  );
}

interface OnItsWayProps {
  readonly asked: AskedChange;
  readonly onApplied: () => void;
  readonly onClose: () => void;
}

function OnItsWay({ asked, onApplied, onClose }: OnItsWayProps): JSX.Element {
  const { change, failure } = useChange(asked.change);
  const state = change?.state ?? ChangeState.UNSPECIFIED;
  useEffect(() => {
    if (state === ChangeState.APPLIED) onApplied();
    if (state !== ChangeState.REQUESTED && change !== undefined) announce(changeWords(change));
  }, [state]);
  if (change === undefined) return <p aria-busy="true">{t("loading")}</p>;
  const { transaction, confirmationToken } = asked;
  const waitsForKey = state === ChangeState.REQUESTED || !signedByMe(change, transaction?.transactionId);
  return (
    <>
      <p>
        <StateBadge tone={changeTone(state)}>{changeWords(change)}</StateBadge>
      </p>
      {change.failure !== "" && <p class="note note-bad">{t("change-failed-because", { reason: change.failure })}</p>}
      <Lines lines={change.lines} />
      {!changeIsOver(state) && waitsForKey && transaction !== undefined && (
        <TakeToKey transaction={transaction} confirmationToken={confirmationToken} />
      )}
      {failure !== undefined && <FailureNote failure={failure} />}
      <p class="fine">
        {t("change-id")} <IdText>{change.changeId}</IdText>
      </p>
      <footer>
        <button type="button" class={changeIsOver(state) ? undefined : "secondary"} onClick={onClose}>
          {t("close")}
        </button>
      </footer>
    </>
  );
}

function signedByMe({ approvals }: Change, transactionId: string | undefined): boolean {
  return approvals.some((each) => each.transactionId === transactionId);
}
