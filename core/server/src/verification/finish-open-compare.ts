import { codeKeyOf } from "../code/code-key.ts";
import type { CoreGiven } from "../given.ts";
import type { Found } from "../store/store.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import { unseal } from "./seal.ts";
import { readSubmission } from "./submission.ts";
import { finishCompare } from "./submit-statement.ts";

/** For the sweeper: a `judged` entity whose `due` has come is a compare that a crash interrupted. */
export async function finishOpenCompare(given: CoreGiven, found: Found<"judged">): Promise<void> {
  const { entities } = await given.store.load(found.shard, found.key);
  const judged = entities[0].body;
  if (judged?.sealed === undefined || judged.verdict !== undefined) return;
  const loaded = await given.store.load(found.shard, transactionKey(judged.txId));
  const transaction = loaded.entities[0].body;
  if (transaction === undefined) return;
  await finishCompare(given, transaction, readSubmission(unseal(codeKeyOf(given.secrets, judged.txId), judged.sealed)));
}
