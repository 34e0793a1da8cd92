import { announce, Lines, t } from "@countersign/pages";
import type { AdminServiceGetTransactionResponse } from "@countersign/proto/web/admin/v1/admin_service";
import { State } from "@countersign/proto/web/core/v1/content";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Page } from "../../ui/page.tsx";
import { Timeline } from "../../ui/timeline.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { useLookAgain } from "../../ui/use-look-again.ts";
import { StateOf } from "../state/state-of.tsx";
import { OPEN_STATES } from "../state/state-words.ts";
import { Approvers } from "./approvers.tsx";
import { Attempts } from "./attempts.tsx";
import { CancelDialog } from "./cancel-dialog.tsx";
import { happenedOf } from "./happened.tsx";
import { TamperedNote, UnknownNote } from "./ending-note.tsx";
import { TransactionFacts } from "./transaction-facts.tsx";
import { kindWords } from "./transactions-page.tsx";

const LOOK_AGAIN_MS = 3_000;

/** One transaction: what it says, where it stands, what happened. Looked at again while something is still to come. */
export function TransactionPage({ transactionId }: { transactionId: string }): JSX.Element {
  const ask = (signal: AbortSignal): Promise<AdminServiceGetTransactionResponse> =>
    admin.getTransaction({ tenantId: tenantId.value, transactionId }, { signal });
  const { value, failure, loading, reload } = useLoad(ask, transactionId);
  const transaction = value?.transaction;
  const state = transaction?.state;
  const isOpen = state !== undefined && OPEN_STATES.includes(state);
  const [shown, setShown] = useState<State | undefined>(undefined);
  useEffect(() => {
    if (state !== undefined && shown !== undefined && state !== shown) announce(t(`state-${state}`));
    setShown(state);
  }, [state]);
  useLookAgain(reload, isOpen ? LOOK_AGAIN_MS : undefined, loading);
  const title =
    transaction === undefined ? t("page-transaction") : `${kindWords(transaction.kind)} · ${transaction.tag}`;
  return (
    <Page title={title} acts="stop">
      <p>
        <a href={formatRoute({ page: "transactions" })}>{t("page-back")}</a>
      </p>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {value === undefined && failure === undefined && <p aria-busy="true">{t("loading")}</p>}
      {transaction !== undefined && value !== undefined && (
        <Whole told={value} transaction={transaction} onChanged={reload} />
      )}
    </Page>
  );
}

interface WholeProps {
  readonly told: AdminServiceGetTransactionResponse;
  readonly transaction: Transaction;
  readonly onChanged: () => void;
}

/** What an administrator may still withdraw. */
const WITHDRAWABLE: readonly State[] = [State.PENDING, State.PARTIAL, State.CONFIRMED];

function Whole({ told, transaction, onChanged }: WholeProps): JSX.Element {
  const { delivery, events, signedDigest } = told;
  const { transactionId, state, lines, txDigest } = transaction;
  const [cancelling, setCancelling] = useState(false);
  const attempts = delivery?.attempts ?? [];
  return (
    <>
      <p>
        <StateOf state={state} />
      </p>
      {state === State.TAMPERED && <TamperedNote coreDigest={txDigest} signedDigest={signedDigest} />}
      {state === State.EXECUTION_UNKNOWN && <UnknownNote />}
      <div class="page-actions">
        <a
          role="button"
          class="secondary"
          href={formatRoute({ page: "deliveries", rest: "why", query: { transaction: transactionId } })}
        >
          {t("page-why")}
        </a>
        {WITHDRAWABLE.includes(state) && (
          <Allowed to="stop">
            <button type="button" class="danger" onClick={() => setCancelling(true)}>
              {t("transactions-cancel")}
            </button>
          </Allowed>
        )}
      </div>
      <Approvers of={transaction} />
      <h2>{t("transactions-lines")}</h2>
      <Lines lines={lines} />
      <h2>{t("transactions-timeline")}</h2>
      <Timeline label={t("transactions-timeline")} events={happenedOf(events, attempts)} />
      <h2>{t("transactions-deliveries")}</h2>
      <Attempts attempts={attempts} />
      <h2>{t("transactions-facts")}</h2>
      <TransactionFacts of={transaction} />
      {cancelling && (
        <CancelDialog
          transactionId={transactionId}
          onClose={() => {
            setCancelling(false);
            onChanged();
          }}
        />
      )}
    </>
  );
}
