import {
  AdminServiceListAdminsRequest,
  AdminState,
  ChangeLevel,
  ChangeState,
  Role,
  type Admin,
  type Change,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { Sign } from "../output/terminal.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { every } from "./list.ts";

export const changeState = ({ state }: Change): string => enumName(ChangeState, state);

/** How a change ended: exit code, sign and sentence, which says whether anything was done. Undefined while it is open. */
export function endingOf(
  change: Change,
): { readonly code: ExitCode; readonly sign: Sign; readonly text: string } | undefined {
  const id = `change ${change.changeId}`;
  switch (change.state) {
    case ChangeState.APPLIED:
      return { code: ExitCode.DONE, sign: "done", text: `Done: ${id} is carried out` };
    case ChangeState.FAILED: {
      const why = [change.failure, change.detail].filter((each) => each !== "").join(": ");
      const text = `Confirmed, but ${id} could not be carried out (${why}) · nothing was done; ask for it anew`;
      return { code: ExitCode.EXECUTION_FAILED, sign: "failed", text: printable(text) };
    }
    case ChangeState.REJECTED: {
      const because = change.detail === "" ? "" : ` (${change.detail})`;
      const who = change.rejectedBy === "" ? "the core" : change.rejectedBy;
      const text = `Rejected by ${who}${because}: ${id} · nothing was done`;
      return { code: ExitCode.CHANGE_REJECTED, sign: "stopped", text: printable(text) };
    }
    case ChangeState.EXPIRED: {
      const text = `Expired: ${id} was not confirmed in time · nothing was done`;
      return { code: ExitCode.EXPIRED, sign: "stopped", text };
    }
    case ChangeState.UNSPECIFIED:
    case ChangeState.UNRECOGNIZED:
    case ChangeState.REQUESTED:
    case ChangeState.PARTIAL:
    case ChangeState.APPROVED:
      return undefined;
  }
}

/** `MEDIUM, takes 1 administrator`. */
export function needText({ level, approvalsNeeded }: Change): string {
  const people = approvalsNeeded === 1 ? "1 administrator" : `${approvalsNeeded} administrators`;
  return `${enumName(ChangeLevel, level)}, takes the key${approvalsNeeded === 1 ? "" : "s"} of ${people}`;
}

/** `anna confirmed; 1 more of: bob, carl`. Whose keys would do is asked of the core. */
export async function missingText(on: AdminGiven, change: Change): Promise<string> {
  const confirmed = change.approvals.map(({ adminId }) => adminId);
  const left = Math.max(0, change.approvalsNeeded - confirmed.length);
  const able = (await activeAdmins(on))
    .filter((admin) => mayDecide(admin, change) && !confirmed.includes(admin.adminId))
    .map(({ adminId }) => adminId);
  const who = confirmed.length === 0 ? "nobody has confirmed yet" : `${confirmed.join(", ")} confirmed`;
  const others = able.length === 0 ? "there is nobody else who may: invite an administrator" : able.join(", ");
  return printable(`${who}; missing ${left === 1 ? "the key of one" : `the keys of ${left}`} of: ${others}`);
}

function activeAdmins(on: AdminGiven): Promise<Admin[]> {
  return every(async (page) => {
    const request = AdminServiceListAdminsRequest.create({ state: AdminState.ACTIVE, ...page });
    const answer = await call(on.admin.listAdmins.bind(on.admin), request, on.core);
    return { items: answer.admins, nextPageToken: answer.nextPageToken };
  });
}

/** What concerns the installation takes an owner; for the words alone: the core decides. */
function mayDecide({ role, tenantId }: Admin, change: Change): boolean {
  if (role === Role.OWNER) return true;
  return role === Role.ADMIN && tenantId !== "" && tenantId === change.tenantId;
}
