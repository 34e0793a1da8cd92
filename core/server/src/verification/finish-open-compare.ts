import { codeKeyOf, requireCodeKey } from "../code/code-key.ts";
import type { CoreGiven } from "../given.ts";
import type { Found } from "../store/store.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import { judgedKey } from "./judged-key.ts";
import { unseal } from "./seal.ts";
import { readSubmission } from "./submission.ts";
import { finishCompare } from "./submit-statement.ts";

/**
 * For the sweeper: a `judged` entity whose `due` has come is a compare that a crash interrupted. Rejects where another core
 * has the key that it was sealed under and this one has not. Under a key that is gone it is a wrong code, like all of that
 * key: else it would be due for ever.
 */
export async function finishOpenCompare(given: CoreGiven, found: Found<"judged">): Promise<void> {
  const { entities } = await given.store.load(found.shard, found.key);
  const judged = entities[0].body;
  if (judged?.sealed === undefined || judged.verdict !== undefined) return;
  const loaded = await given.store.load(found.shard, transactionKey(judged.txId));
  const transaction = loaded.entities[0].body;
  if (transaction === undefined) return;
  requireCodeKey(given.secrets, judged.txId);
  const codeKey = codeKeyOf(given.secrets, judged.txId);
  const submission = readSubmission(unseal(codeKey, judged.sealed));
  const isReadable = judgedKey(codeKey, judged.txId, submission.hash).id === found.key.id;
  if (isReadable) await finishCompare(given, transaction, submission);
  else await finishCompare(given, transaction, { ...submission, ...UNREADABLE, keyId: judged.keyId }, found.key);
}

const UNREADABLE = { statement: undefined, proof: { kind: "statement", message: undefined } } as const;
