// What time alone ended is ended in the store before anybody acts on it: the clock may go back, an end does not.
import type { CoreGiven } from "../given.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import { happen } from "./happen.ts";
import { letTimePass } from "./time.ts";
import type { Transaction } from "./transaction.ts";

/** True if some of them had expired by `now` without anybody having written it: it was, and they have to be loaded anew. */
export async function writeLapsed(
  given: CoreGiven,
  transactions: readonly Transaction[],
  now: UnixMs,
): Promise<boolean | Refusal> {
  const lapsed = transactions.filter((one) => one.state !== "EXPIRED" && expiresBy(one, now));
  for (const { txId } of lapsed) {
    const after = await happen(given, txId, { type: "time-came" }, "core");
    if (isRefusal(after)) return after;
  }
  return lapsed.length > 0;
}

function expiresBy(transaction: Transaction, now: UnixMs): boolean {
  return letTimePass(transaction, now).transaction.state === "EXPIRED";
}
