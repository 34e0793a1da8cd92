import { isKind, isLabel, type Line } from "@countersign/protocol";
import {
  TransactionServiceCancelRequest,
  TransactionServiceGetRequest,
  TransactionServiceListRequest,
  type Transaction,
} from "@countersign/proto/node/core/v1/transaction_service";
import { appView, call, stateName, standingOfApp, watchToTheEnd, type Outcome } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { withExecutor } from "../exec/execution.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import { approvalsText, outcomeText } from "../output/outcome-text.ts";
import { printable } from "../output/printable.ts";
import { linesJson, linesText, summaryOf } from "../output/transaction-text.ts";
import { withCore, type CommandGiven } from "../session.ts";

/** `countersign tx list`: newest first, one a line. */
export function txListCommand(options: { readonly limit?: string }, given: CommandGiven): Promise<ExitCode> {
  const userId = given.settings.need("user");
  const pageSize = Number(options.limit ?? "20");
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 100) throw refused("--limit: expected 1 to 100");
  return withCore(given, async (core) => {
    const request = TransactionServiceListRequest.create({ userId, pageSize });
    const { transactions } = await call(core.transactions.list.bind(core.transactions), request, core);
    for (const transaction of transactions) tellShort(transaction, given);
    return ExitCode.DONE;
  });
}

/** `countersign tx get ID`. */
export function txGetCommand(id: string, given: CommandGiven): Promise<ExitCode> {
  const transactionId = transactionIdArgument(id);
  return withCore(given, async (core) => {
    const request = TransactionServiceGetRequest.create({ transactionId });
    const { transaction } = await call(core.transactions.get.bind(core.transactions), request, core);
    if (transaction !== undefined) tellWhole(transaction, given);
    return ExitCode.DONE;
  });
}

/** `countersign tx watch ID`: every state until it is over; the exit code is the ending's, without a receipt check. */
export function txWatchCommand(id: string, given: CommandGiven): Promise<ExitCode> {
  const transactionId = transactionIdArgument(id);
  const { terminal } = given;
  return withCore(given, async (core) => {
    const stop = new AbortController();
    const release = terminal.io.onInterrupt(() => stop.abort());
    try {
      for await (const { state, detail, ending } of watchToTheEnd(appView(core, transactionId, core), stop.signal)) {
        terminal.record({
          state,
          transactionId,
          ...(detail === "" ? {} : { detail }),
          ...(ending === undefined ? {} : { final: true }),
        });
        terminal.result(printable(detail === "" ? state : `${state}  ${detail}`));
        if (ending !== undefined) return ending === "EXECUTED" ? ExitCode.DONE : exitCodeOf(ending);
      }
      return ExitCode.DONE; // only the watching was ended
    } finally {
      release();
    }
  });
}

/** `countersign tx cancel ID [--reason TEXT]`. */
export function txCancelCommand(
  id: string,
  options: { readonly reason?: string },
  given: CommandGiven,
): Promise<ExitCode> {
  const transactionId = transactionIdArgument(id);
  return withCore(given, async (core) => {
    const request = TransactionServiceCancelRequest.create({ transactionId, reason: options.reason ?? "" });
    await call(core.transactions.cancel.bind(core.transactions), request, core);
    const outcome: Outcome = { state: "CANCELLED", byUser: true };
    given.terminal.record({ state: "CANCELLED", transactionId, final: true });
    given.terminal.result(`  ${given.terminal.sign("done")} ${outcomeText(outcome).text}`);
    return ExitCode.DONE;
  });
}

/** `countersign tx resolve ID executed|failed`: how it ended, found out by a person; with the token that could have reported it. */
export function txResolveCommand(
  id: string,
  ended: string,
  options: { readonly detail?: string },
  given: CommandGiven,
): Promise<ExitCode> {
  const transactionId = transactionIdArgument(id);
  if (ended !== "executed" && ended !== "failed") throw refused(`"${printable(ended)}": expected executed or failed`);
  return withExecutor(given, async (executor) => {
    await executor.resolve(transactionId, ended === "executed", options.detail ?? "");
    const state = ended === "executed" ? "EXECUTED" : "EXECUTION_FAILED";
    given.terminal.record({ state, transactionId, final: true });
    given.terminal.result(`  ${given.terminal.sign("done")} ${transactionId}  ${state}`);
    return ExitCode.DONE;
  });
}

export function transactionIdArgument(text: string): string {
  if (!/^[0-9a-f]{32}$/.test(text)) throw refused(`"${printable(text)}" is no transaction id of 32 hexadecimal digits`);
  return text;
}

function tellShort(transaction: Transaction, { terminal }: CommandGiven): void {
  const { transactionId, tag, kind } = transaction;
  const state = stateName(transaction.state);
  terminal.record({ state, transactionId, tag, lines: linesJson(linesOf(transaction)) });
  const text = isKind(kind) ? summaryOf(kind, linesOf(transaction)) : "";
  terminal.result(`${transactionId}  ${state.padEnd(17)}  ${printable(tag)}  ${text}`);
}

function tellWhole(transaction: Transaction, given: CommandGiven): void {
  const { terminal } = given;
  const { transactionId, tag, reason, outcomeDetail, triesLeft } = transaction;
  const { state, approvals } = standingOfApp(transaction);
  const lines = linesOf(transaction);
  terminal.record({ state, transactionId, tag, reason, outcomeDetail, triesLeft, lines: linesJson(lines) });
  terminal.result(`${transactionId}  ${state}  ${printable(tag)}`);
  for (const line of linesText(lines, terminal.style.plain)) terminal.result(line);
  if (approvals !== undefined) terminal.result(printable(`Approvals: ${approvalsText(approvals)}`));
  if (transaction.parentId !== "") terminal.result(printable(`Approves: ${transaction.parentId}`));
  if (reason !== "") terminal.result(printable(`Reason: ${reason}`));
  if (outcomeDetail !== "") terminal.result(printable(`Outcome: ${outcomeDetail}`));
}

export function linesOf(transaction: Transaction): Line[] {
  return transaction.lines.flatMap(({ label, value }) => (isLabel(label) ? [{ label, value }] : []));
}
