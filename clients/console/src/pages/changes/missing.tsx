import { t } from "@countersign/pages";
import { type Admin, AdminState, type Change, ChangeState } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { admin } from "../../connection/core.ts";
import { FailureNote } from "../../ui/failure-note.tsx";
import { useLoad } from "../../ui/use-load.ts";
import { mayApprove } from "./may-approve.ts";

/** Whose keys a change still waits for. */
export function Missing({ change }: { change: Change }): JSX.Element {
  const { value, failure, reload } = useLoad(everyActive, change.changeId);
  const count = change.approvalsNeeded - change.approvals.length;
  const waitsForAsker = change.state === ChangeState.REQUESTED;
  const others = count - (waitsForAsker ? 1 : 0);
  const who = (value ?? []).filter((each) => mayApprove(each, change));
  return (
    <>
      <h2>{t("changes-missing")}</h2>
      {waitsForAsker && <p>{t("changes-missing-asker", { who: change.requestedBy })}</p>}
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      {others > 0 && value !== undefined && (
        <>
          <p>{who.length === 0 ? t("changes-missing-nobody") : t("changes-missing-others", { count: others })}</p>
          <ul>
            {who.map(({ adminId, role }) => (
              <li key={adminId}>
                <span dir="auto">{adminId}</span> · {t(`role-${role}`)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

async function everyActive(signal: AbortSignal): Promise<readonly Admin[]> {
  const found: Admin[] = [];
  let pageToken = "";
  do {
    const request = { state: AdminState.ACTIVE, pageSize: 100, pageToken };
    const answer = await admin.listAdmins(request, { signal });
    found.push(...answer.admins);
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
  return found;
}
