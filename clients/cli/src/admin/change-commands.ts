import { Option, type Command } from "commander";
import {
  AdminServiceListChangesRequest,
  AdminServiceRejectChangeRequest,
  Change,
  ChangeLevel,
  ChangeState,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import type { Column } from "../output/table.ts";
import { linesText } from "../output/transaction-text.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { approveChange, changeRecord, getChange, waitForChange, type ChangeOptions } from "./change.ts";
import { changeState, endingOf, missingText, needText } from "./change-text.ts";
import { enumArguments, enumChoices, enumName } from "./enum-name.ts";
import { changeId, tenantId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { linesOf } from "./message-json.ts";
import { tellDone } from "./tell-done.ts";
import { changing, ofTenant, paged, repeatable, type TenantOption, type Tree } from "./tree.ts";

interface ChangeFilter extends ListOptions, TenantOption {
  readonly state?: readonly string[];
  readonly by?: string;
}

const COLUMNS: readonly Column<Change>[] = [
  { head: "Change", of: ({ changeId: id }) => id, isId: true },
  { head: "State", of: changeState },
  { head: "What", of: whatOf },
  { head: "By", of: ({ requestedBy }) => requestedBy },
  { head: "Keys", of: ({ approvals, approvalsNeeded }) => `${approvals.length} of ${approvalsNeeded}` },
  { head: "Level", of: ({ level }) => enumName(ChangeLevel, level) },
  { head: "Asked", of: ({ requestedAt }) => momentText(requestedAt) },
  { head: "Until", of: ({ expiresAt }) => momentText(expiresAt) },
];

/** The first two lines that the keys show: what, and about whom. */
function whatOf({ lines }: Change): string {
  return lines
    .slice(0, 2)
    .map(({ value }) => value)
    .join(": ");
}

/** `countersign admin change …`. */
export function addChanges(admin: Command, { run }: Tree): void {
  const change = admin
    .command("change")
    .description("what loosens, on its way: CHANGE is its id or the beginning of it");
  ofTenant(paged(change.command("list")))
    .description("newest first")
    .addOption(repeatable("--state <state>", `only in this state: ${enumChoices(ChangeState).join(", ")}`))
    .addOption(new Option("--by <name>", "only those that this administrator asked for"))
    .action((options: ChangeFilter) => run((on) => listChanges(on, options)));
  change
    .command("show <change>")
    .description("its lines, who confirmed, whose keys are missing")
    .action((wanted: string) => run(async (on) => showChange(on, await changeId(on, wanted))));
  changing(change.command("approve <change>"))
    .description("the same lines for your key; then waits until it is carried out")
    .action((wanted: string, options: ChangeOptions) =>
      run(async (on) => approveChange(on, await changeId(on, wanted), options)),
    );
  change
    .command("reject <change>")
    .description("ends it at once")
    .option("--reason <text>", "told to the others")
    .action((wanted: string, options: { readonly reason?: string }) =>
      run(async (on) => rejectChange(on, await changeId(on, wanted), options.reason ?? "")),
    );
  change
    .command("wait <change>")
    .description("until it is over; Ctrl-C leaves it as it is")
    .action((wanted: string) => run(async (on) => waitForChange(on, await changeId(on, wanted))));
}

function listChanges(on: AdminGiven, options: ChangeFilter): Promise<ExitCode> {
  const states = enumArguments(ChangeState, "--state", options.state);
  return tellList(on, options, {
    ask: async (page) => {
      const filter = { tenantId: await tenantId(on, options.tenant), states, requestedBy: options.by ?? "" };
      const request = AdminServiceListChangesRequest.create({ ...filter, ...page });
      const { changes, nextPageToken } = await call(on.admin.listChanges.bind(on.admin), request, on.core);
      return { items: changes, nextPageToken };
    },
    columns: COLUMNS,
    type: Change,
  });
}

async function showChange(on: AdminGiven, id: string): Promise<ExitCode> {
  const { terminal } = on.given;
  const change = await getChange(on, id);
  terminal.record(changeRecord(change));
  const { requestedBy, requestedAt, expiresAt, approvals } = change;
  terminal.result(`${change.changeId}  ${changeState(change)}  ${needText(change)}`);
  for (const line of linesText(linesOf(change.lines), terminal.style.plain)) terminal.result(line);
  terminal.result(printable(`asked for by ${requestedBy}  ${momentText(requestedAt)}, until ${momentText(expiresAt)}`));
  for (const { adminId, approvedAt, transactionId } of approvals) {
    terminal.result(printable(`confirmed by ${adminId}  ${momentText(approvedAt)}  transaction ${transactionId}`));
  }
  const ending = endingOf(change);
  if (ending !== undefined) terminal.result(`  ${terminal.sign(ending.sign)} ${ending.text}`);
  else if (change.state !== ChangeState.APPROVED) terminal.result(await missingText(on, change));
  return ExitCode.DONE;
}

async function rejectChange(on: AdminGiven, id: string, reason: string): Promise<ExitCode> {
  const request = AdminServiceRejectChangeRequest.create({ changeId: id, reason });
  const { change } = await call(on.admin.rejectChange.bind(on.admin), request, on.core);
  if (change === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer is empty");
  return tellDone(on, Change, change, () => `change ${id} is ended · nothing was done`);
}
