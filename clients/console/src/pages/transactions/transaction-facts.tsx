import { t } from "@countersign/pages";
import { toHex } from "@countersign/protocol";
import { State } from "@countersign/proto/web/core/v1/content";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import type { JSX } from "preact";
import { formatRoute } from "../../shell/route.ts";
import { IdText } from "../../ui/id-text.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { CopyId } from "../state/copy-id.tsx";
import { Facts } from "../state/facts.tsx";

/** What else is known of a transaction. */
export function TransactionFacts({ of }: { of: Transaction }): JSX.Element {
  return (
    <Facts
      facts={[
        [t("transactions-id-whole"), <CopyId key="id" id={of.transactionId} name={t("transactions-id-whole")} />],
        [t("page-user"), <LinkTo key="user" page="users" rest={of.userId} />],
        [t("transactions-issuer"), of.issuerName],
        [t("page-reason"), of.reason !== "" && <code dir="ltr">{of.reason}</code>],
        [t("transactions-rejected-how"), of.state === State.REJECTED && rejection(of)],
        [t("transactions-mode"), t(`mode-${of.mode}`)],
        [t("page-created"), <TimeText key="created" at={of.createdAt} />],
        [t("transactions-expires"), of.expiresAt && <TimeText at={of.expiresAt} />],
        [t("transactions-claim-by"), of.claimBy && <TimeText at={of.claimBy} />],
        [t("transactions-tries"), of.state === State.PENDING && String(of.triesLeft)],
        [t("transactions-parent"), of.parentId !== "" && <LinkTo page="transactions" rest={of.parentId} />],
        [t("transactions-outcome"), of.outcomeDetail],
        [t("transactions-keys"), of.keyIds.length > 0 && of.keyIds.map((id) => <IdText key={id}>{id}</IdText>)],
        [t("transactions-digest"), <IdText key="digest">{toHex(of.txDigest)}</IdText>],
      ]}
    />
  );
}

function LinkTo({ page, rest }: { page: "users" | "transactions"; rest: string }): JSX.Element {
  return (
    <a href={formatRoute({ page, rest })} dir="auto">
      {rest}
    </a>
  );
}

function rejection({ rejectReason, rejectedOnKey }: Transaction): string {
  const where = t(rejectedOnKey ? "transactions-on-key" : "transactions-in-chat");
  return `${where} · ${t(`reject-${rejectReason}`)}`;
}
