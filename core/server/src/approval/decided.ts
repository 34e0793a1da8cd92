import type { CoreGiven } from "../given.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { countApproval } from "./count-approval.ts";

/**
 * The transaction that a no decides about: of an approval the one that it approves, told at once, so that nobody is
 * answered "stopped" of what goes on.
 */
export async function decided(given: CoreGiven, of: Transaction): Promise<Transaction> {
  return (of.approves === undefined ? undefined : await countApproval(given, of)) ?? of;
}
