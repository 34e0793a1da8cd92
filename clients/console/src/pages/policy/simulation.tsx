import { announce, t } from "@countersign/pages";
import type { AdminServiceSimulatePolicyResponse, Difference } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { formatRoute } from "../../shell/route.ts";
import { tenantId } from "../../shell/tenant.ts";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { useAction } from "../../ui/use-action.ts";
import { Advice } from "./policy-page.tsx";

/** What a document would have made of past transactions. Changes nothing. */
export function Simulation({ documentJson }: { documentJson: string }): JSX.Element {
  const { busy, failure, run } = useAction();
  const [told, setTold] = useState<AdminServiceSimulatePolicyResponse | undefined>(undefined);
  // What was told of another document holds no more.
  useEffect(() => setTold(undefined), [documentJson]);
  const simulate = async (): Promise<void> => {
    const answer = await admin.simulatePolicy({ tenantId: tenantId.value, documentJson });
    setTold(answer);
    announce(sentence(answer));
  };
  return (
    <>
      <div class="page-actions">
        <button
          type="button"
          class="secondary"
          aria-busy={busy}
          disabled={busy || documentJson === ""}
          onClick={() => void run(simulate)}
        >
          {t("policy-simulate")}
        </button>
      </div>
      {failure !== undefined && <FailureNote failure={failure} />}
      {told !== undefined && (
        <>
          <Advice advice={told.advice} />
          <DataTable
            caption={sentence(told)}
            columns={columns()}
            rowKey={({ transactionId }) => transactionId}
            load={() => Promise.resolve({ rows: told.differences, nextPageToken: "" })}
            of={documentJson}
            empty={sentence(told)}
          />
        </>
      )}
    </>
  );
}

function sentence({ lookedAt, differences }: AdminServiceSimulatePolicyResponse): string {
  return t(differences.length === 0 ? "policy-simulated-none" : "policy-simulated", { count: lookedAt });
}

function columns(): readonly Column<Difference>[] {
  return [
    { id: "transaction", header: t("page-transaction"), cell: LinkTo, isHeader: true },
    { id: "user", header: t("page-user"), cell: ({ userId }) => <span dir="auto">{userId}</span> },
    { id: "members", header: t("policy-differences"), cell: MembersOf },
  ];
}

function LinkTo({ transactionId }: Difference): JSX.Element {
  return (
    <a href={formatRoute({ page: "transactions", rest: transactionId })}>
      <code dir="ltr">{transactionId}</code>
    </a>
  );
}

function MembersOf({ members }: Difference): JSX.Element {
  return (
    <span class="stacked">
      {members.map(({ name, before, after }) => (
        <bdi key={name} dir="ltr">
          <code>{name}</code> {before} → {after}
        </bdi>
      ))}
    </span>
  );
}
