import { t } from "@countersign/pages";
import { State } from "@countersign/proto/web/core/v1/content";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import type { JSX } from "preact";
import { formatRoute } from "../../shell/route.ts";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";

/** Who has to approve beside the user, who has, and until when the others may. Nothing where nobody has to. */
export function Approvers({ of }: { of: Transaction }): JSX.Element | null {
  const { approvals, approvalsNeeded, approvers, approveBy, state } = of;
  if (approvalsNeeded === 0) return null;
  // Before, his own key is waited for; afterwards nobody is.
  const waits = state === State.PARTIAL;
  return (
    <section aria-labelledby="approvers">
      <h2 id="approvers">{t("transactions-approvals")}</h2>
      <p>
        {t("transactions-approvals-of", { given: approvals.length, needed: approvalsNeeded })}
        {waits && approveBy !== undefined && (
          <>
            {" · "}
            {t("transactions-approve-by")} <TimeText at={approveBy} />
          </>
        )}
      </p>
      <ul class="cards">
        {approvers.map((userId) => (
          <Approver
            key={userId}
            userId={userId}
            given={approvals.find((each) => each.userId === userId)}
            waits={waits}
          />
        ))}
      </ul>
    </section>
  );
}

interface ApproverProps {
  readonly userId: string;
  /** His yes. */
  readonly given: Transaction["approvals"][number] | undefined;
  readonly waits: boolean;
}

function Approver({ userId, given, waits }: ApproverProps): JSX.Element {
  return (
    <li>
      <a href={formatRoute({ page: "users", rest: userId })} dir="auto">
        {userId}
      </a>{" "}
      {given === undefined ? (
        <StateBadge tone={waits ? "waiting" : "plain"}>{t("transactions-approver-not")}</StateBadge>
      ) : (
        <>
          <StateBadge tone="good">{t("transactions-approver-has")}</StateBadge> <TimeText at={given.approvedAt} />{" "}
          <a href={formatRoute({ page: "transactions", rest: given.transactionId })}>
            {t("transactions-approver-own")}
          </a>
        </>
      )}
    </li>
  );
}
