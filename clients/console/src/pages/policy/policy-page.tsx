import { t } from "@countersign/pages";
import type { Policy } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { FailureNote } from "../../ui/failure-note.tsx";
import { Page } from "../../ui/page.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { useLookAgain } from "../../ui/use-look-again.ts";
import { type Members } from "./document.ts";
import { MemberTable } from "./member-table.tsx";
import { PolicyEditor } from "./policy-editor.tsx";

const LOOK_AGAIN_MS = 5_000;

/** The rules in force, and how other ones are asked for. */
export function PolicyPage(): JSX.Element {
  const { value, failure, loading, reload } = useLoad(askPolicy, tenantId.value);
  useLookAgain(reload, LOOK_AGAIN_MS, loading);
  const policy = value?.policy;
  return (
    <Page title={t("nav-policy")} lead={t("policy-lead")} acts="change">
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {policy === undefined && failure === undefined && <p aria-busy="true">{t("loading")}</p>}
      {policy !== undefined && (
        <>
          <h2>{t("policy-version", { version: policy.version })}</h2>
          <Advice advice={policy.advice} />
          <MemberTable
            caption={t("policy-table")}
            columns={[t("policy-value")]}
            rows={Object.entries(JSON.parse(policy.documentJson) as Members).map(([name, each]) => [name, each])}
          />
          <Allowed to="change">
            <PolicyEditor inForce={policy} onChanged={reload} />
          </Allowed>
        </>
      )}
    </Page>
  );
}

function askPolicy(signal: AbortSignal): Promise<{ policy: Policy | undefined }> {
  return admin.getPolicy({ tenantId: tenantId.value }, { signal });
}

/** What the core thinks an administrator should know, in its words. */
export function Advice({ advice }: { advice: readonly string[] }): JSX.Element | null {
  if (advice.length === 0) return null;
  return (
    <div class="note note-warn">
      <p>
        <strong>{t("policy-advice")}</strong>
      </p>
      <ul>
        {advice.map((each) => (
          <li key={each} dir="auto" lang="en">
            {each}
          </li>
        ))}
      </ul>
    </div>
  );
}
