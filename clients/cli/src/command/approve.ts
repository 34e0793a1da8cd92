import { randomUUID } from "node:crypto";
import { isKind } from "@countersign/protocol";
import {
  TransactionServiceBeginApprovalRequest,
  TransactionServiceListApprovalsRequest,
  type Transaction,
} from "@countersign/proto/node/core/v1/transaction_service";
import { call, standingOfApp, type CoreConnection } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { approvalsText } from "../output/outcome-text.ts";
import { printable } from "../output/printable.ts";
import { linesJson, summaryOf } from "../output/transaction-text.ts";
import { chooseKey, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { takeToKey } from "./take-to-key.ts";
import { linesOf } from "./tx.ts";

/** `countersign approve [TAG|ID]`: takes what somebody else asked for to this user's key; without: lists what waits for him. */
export function approveCommand(
  which: string | undefined,
  options: { readonly key?: string },
  given: CommandGiven,
): Promise<ExitCode> {
  const userId = given.settings.need("user");
  return withCore(given, async (core) => {
    const waiting = await waitingFor(core, userId);
    if (which === undefined) return tellWaiting(waiting, given);
    const parent = find(waiting, which);
    return withDaemon(given, async (daemon) => {
      const key = await chooseKey(daemon, options.key);
      const { transactionId } = parent;
      const request = TransactionServiceBeginApprovalRequest.create({ requestId: randomUUID(), transactionId, userId });
      const made = await call(core.transactions.beginApproval.bind(core.transactions), request, core);
      given.terminal.progress(printable(`${parent.userId} asks for your approval; ${progressOf(parent)}`));
      return takeToKey(made, { core, daemon, key }, given);
    });
  });
}

async function waitingFor(core: CoreConnection, userId: string): Promise<Transaction[]> {
  const found: Transaction[] = [];
  let pageToken = "";
  do {
    const request = TransactionServiceListApprovalsRequest.create({ userId, pageSize: 100, pageToken });
    const page = await call(core.transactions.listApprovals.bind(core.transactions), request, core);
    found.push(...page.transactions);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}

function tellWaiting(waiting: readonly Transaction[], { terminal }: CommandGiven): ExitCode {
  for (const one of waiting) {
    const { transactionId, tag, userId: requestedBy, kind } = one;
    terminal.record({ state: "PARTIAL", transactionId, tag, requestedBy, lines: linesJson(linesOf(one)) });
    const text = isKind(kind) ? summaryOf(kind, linesOf(one)) : "";
    terminal.result(printable(`${transactionId}  ${tag}  ${requestedBy}  ${text}  ${progressOf(one)}`));
  }
  if (waiting.length === 0) terminal.result("Nothing waits for your approval");
  return ExitCode.DONE;
}

function progressOf(of: Transaction): string {
  return approvalsText(standingOfApp(of).approvals);
}

/** By id, its beginning, or its two words; nothing is guessed where two fit. */
function find(waiting: readonly Transaction[], which: string): Transaction {
  const tag = which
    .trim()
    .split(/[\s-]+/)
    .join(" ")
    .toUpperCase();
  const isId = /^[0-9a-f]{6,32}$/.test(which);
  const fits = waiting.filter((one) => one.tag === tag || (isId && one.transactionId.startsWith(which)));
  const [only] = fits;
  if (only === undefined)
    throw refused(`"${printable(which)}" does not wait for your approval; see: countersign approve`);
  if (fits.length > 1) throw refused(`"${printable(which)}" fits ${fits.length} transactions; name one by its id`);
  return only;
}
