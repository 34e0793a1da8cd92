import type { TransactionServiceListApprovalsRequest } from "@countersign/proto/node/core/v1/transaction_service";
import type { CoreGiven } from "../given.ts";
import { checkUserId } from "../identity/user-name.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId } from "../store/entity.ts";
import { readToken, writeToken, type TransactionPage } from "../transaction/list.ts";
import { whyNotAsk } from "../transaction/approving.ts";
import { letTimePass } from "../transaction/time.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { loadTransaction } from "./count-approval.ts";
import { requestOwner } from "./request.ts";

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 100;

/** What waits for this approver, newest first. A page may be shorter than asked for by what is over meanwhile. */
export async function listApprovals(
  given: CoreGiven,
  tenantId: HexId,
  { userId, pageSize, pageToken }: TransactionServiceListApprovalsRequest,
): Promise<TransactionPage | Refusal> {
  const bad = checkUserId(userId);
  if (bad !== undefined) return bad;
  if (pageSize > LARGEST_PAGE) return badInput("page_size", `must be at most ${LARGEST_PAGE}`);
  const before = readToken(pageToken);
  if (isRefusal(before)) return before;
  const shard = shardOfUser(tenantId, userId);
  const limit = pageSize === 0 ? DEFAULT_PAGE : pageSize;
  const page = { tenant: tenantId, limit, ...(before === undefined ? {} : { before }) };
  const keys = await given.store.list(shard, "approval-request", requestOwner(tenantId, userId), page);
  if (keys.length === 0) return { transactions: [], nextPageToken: "" };
  const { entities, now } = await given.store.load(shard, ...keys);
  const requests = entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
  const found = await Promise.all(requests.map(({ txId }) => loadTransaction(given, txId)));
  const transactions = found.filter((one) => one !== undefined && waitsFor(one, userId, now)) as Transaction[];
  const last = requests.at(-1);
  const more = keys.length >= limit && last !== undefined;
  return { transactions, nextPageToken: more ? writeToken(last.at) : "" };
}

function waitsFor(of: Transaction, userId: string, now: number): boolean {
  return letTimePass(of, now).transaction.state === "PARTIAL" && whyNotAsk(of, userId) === undefined;
}
