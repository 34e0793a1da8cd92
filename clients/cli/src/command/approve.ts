import { randomUUID } from "node:crypto";
import { isKind } from "@countersign/protocol";
import {
  TransactionServiceBeginApprovalRequest,
  TransactionServiceListApprovalsRequest,
  TransactionServiceListRequest,
  type Transaction,
} from "@countersign/proto/node/core/v1/transaction_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { ConfirmationServiceGetRequest } from "@countersign/proto/node/core/v1/confirmation_service";
import { call, standingOfApp, stateName, type CoreConnection } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { approvalsText } from "../output/outcome-text.ts";
import { printable } from "../output/printable.ts";
import { linesJson, summaryOf } from "../output/transaction-text.ts";
import { chooseKey, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { takeToKey } from "./take-to-key.ts";
import { linesOf } from "./tx.ts";

/** Of what is taken up: who carries it out is another host, in its own time. */
const TAKEN_UP = { isPart: false, receipts: undefined, until: "confirmed" } as const;

/**
 * `countersign approve [TAG|ID]`: takes to this user's key what another host asked of him, or what somebody else wants his
 * approval for; without: lists both. With a confirmation token in place of an app's: the one transaction that it is of.
 */
export function approveCommand(
  which: string | undefined,
  options: { readonly key?: string },
  given: CommandGiven,
): Promise<ExitCode> {
  return withCore(given, async (core) => {
    if (!core.token.isOfApp) return approveByToken(core, options, given);
    const userId = given.settings.need("user");
    const waiting = [...(await askedOf(core, userId)), ...(await waitingFor(core, userId))];
    if (which === undefined) return tellWaiting(waiting, given);
    const found = find(waiting, which);
    return withDaemon(given, async (daemon) => {
      const key = await chooseKey(daemon, options.key);
      const open = { core, daemon, key };
      if (found.state === State.PENDING) {
        return takeToKey({ transaction: found, confirmationToken: "" }, open, given, TAKEN_UP);
      }
      const { transactionId } = found;
      const request = TransactionServiceBeginApprovalRequest.create({ requestId: randomUUID(), transactionId, userId });
      const made = await call(core.transactions.beginApproval.bind(core.transactions), request, core);
      given.terminal.progress(printable(`${found.userId} asks for your approval; ${progressOf(found)}`));
      return takeToKey(made, open, given);
    });
  });
}

/** By the token that the asking host handed out, which opens this one transaction and nothing else. */
async function approveByToken(
  core: CoreConnection,
  options: { readonly key?: string },
  given: CommandGiven,
): Promise<ExitCode> {
  const request = ConfirmationServiceGetRequest.create();
  const transaction = await call(core.confirmations.get.bind(core.confirmations), request, core);
  const confirmationToken = core.token.reveal();
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    return takeToKey({ transaction, confirmationToken }, { core, daemon, key }, given, TAKEN_UP);
  });
}

/** What waits for his own key: newest first, what is older than a hundred transactions is long over. */
async function askedOf(core: CoreConnection, userId: string): Promise<Transaction[]> {
  const request = TransactionServiceListRequest.create({ userId, pageSize: 100 });
  const { transactions } = await call(core.transactions.list.bind(core.transactions), request, core);
  return transactions.filter(({ state, parentId }) => state === State.PENDING && parentId === "");
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
    const state = stateName(one.state);
    terminal.record({ state, transactionId, tag, requestedBy, lines: linesJson(linesOf(one)) });
    const text = isKind(kind) ? summaryOf(kind, linesOf(one)) : "";
    const progress = one.state === State.PENDING ? "waits for your own key" : progressOf(one);
    terminal.result(printable(`${transactionId}  ${tag}  ${requestedBy}  ${text}  ${progress}`));
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
