import { TransactionServiceGetRequest } from "@countersign/proto/node/core/v1/transaction_service";
import { ReceiptServiceGetVerificationKeysRequest } from "@countersign/proto/node/core/v1/receipt_service";
import { call, CoreError, standingOfApp } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import { outcomeText } from "../output/outcome-text.ts";
import { pinnedOf, withCore, type CommandGiven } from "../session.ts";
import type { Confirmed } from "./ask.ts";
import type { Claim, Executor } from "./execution.ts";
import { proveReceipt } from "./proof.ts";

/** Finds out before the user is asked whether the token is one at all, and whether this is the core that was pinned. */
export async function checkExecutor({ core }: Executor, given: CommandGiven): Promise<void> {
  const request = ReceiptServiceGetVerificationKeysRequest.create();
  const answer = await call(core.receipts.getVerificationKeys.bind(core.receipts), request, core).catch(inWords);
  if (answer.serverId === pinnedOf(given.settings).serverId) return;
  throw new CliError(ExitCode.UNVERIFIED, "the core is not the installation that is pinned; nothing was sent");
}

/**
 * Makes what was confirmed this process's own: claimed by nobody else, proven by a receipt that the pinned core signed over
 * what the user's key signed. Throws a CliError without having done anything.
 */
export async function takeOver(confirmed: Confirmed, executor: Executor, given: CommandGiven): Promise<Claim> {
  let claim: Claim;
  try {
    claim = await executor.claim(confirmed.transactionId, confirmed.content);
  } catch (error) {
    throw error instanceof CoreError ? await whyNotOurs(error, confirmed, given) : error;
  }
  try {
    await proveReceipt(executor.core, { ...confirmed, state: "EXECUTING" }, pinnedOf(given.settings));
    return claim;
  } catch (error) {
    await claim.giveUp("its confirmation could not be verified");
    throw error;
  }
}

/** A claim that fails has a reason in what became of the transaction. */
async function whyNotOurs(error: CoreError, { transactionId }: Confirmed, given: CommandGiven): Promise<unknown> {
  if (error.reason !== "STATE_CONFLICT" && error.reason !== "EXPIRED") return wordsOf(error);
  return withCore(given, async (core) => {
    const request = TransactionServiceGetRequest.create({ transactionId });
    const { transaction } = await call(core.transactions.get.bind(core.transactions), request, core);
    const ending = transaction === undefined ? undefined : standingOfApp(transaction).ending;
    if (ending === undefined || ending === "EXECUTED") {
      const why = "was taken up before: what is confirmed once counts once; nothing was done now";
      return new CliError(ExitCode.DUPLICATE, `${transactionId} ${why}`);
    }
    return new CliError(exitCodeOf(ending), outcomeText(ending).text);
  });
}

function inWords(error: unknown): never {
  throw error instanceof CoreError ? wordsOf(error) : error;
}

function wordsOf(error: CoreError): unknown {
  if (error.reason !== "UNAUTHENTICATED" && error.reason !== "NOT_ALLOWED") return error;
  const why = "the execute token opens nothing here: it was revoked, has ended, or is of another scope";
  return new CliError(ExitCode.NOT_ALLOWED, `${why} (the core: ${error.message}); nothing was done`);
}
