import type { TransactionServiceListRequest } from "@countersign/proto/node/core/v1/transaction_service";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId } from "../store/entity.ts";
import { ownerOf } from "./transaction-key.ts";
import type { Transaction } from "./transaction.ts";

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 100;

export interface TransactionPage {
  readonly transactions: readonly Transaction[];
  /** "" on the last page. */
  readonly nextPageToken: string;
}

/** A user's transactions, newest first. A page may be longer than asked for by those created in one millisecond. */
export async function listTransactions(
  given: CoreGiven,
  tenantId: HexId,
  { userId, pageSize, pageToken }: TransactionServiceListRequest,
): Promise<TransactionPage | Refusal> {
  if (pageSize > LARGEST_PAGE) return badInput("page_size", `must be at most ${LARGEST_PAGE}`);
  const before = readToken(pageToken);
  if (isRefusal(before)) return before;
  const shard = shardOfUser(tenantId, userId);
  const limit = pageSize === 0 ? DEFAULT_PAGE : pageSize;
  const page = { tenant: "", limit, ...(before === undefined ? {} : { before }) };
  const keys = await given.store.list(shard, "transaction", ownerOf(tenantId, userId), page);
  if (keys.length === 0) return { transactions: [], nextPageToken: "" };
  const { entities } = await given.store.load(shard, ...keys);
  const transactions = entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
  const last = transactions.at(-1);
  const more = keys.length >= limit && last !== undefined;
  return { transactions, nextPageToken: more ? writeToken(last.createdAt) : "" };
}

export function writeToken(before: number): string {
  return Buffer.from(`l1.${before}`).toString("base64url");
}

export function readToken(token: string): number | Refusal | undefined {
  if (token === "") return undefined;
  const before = /^l1\.(\d{1,16})$/.exec(Buffer.from(token, "base64url").toString("latin1"))?.[1];
  return before === undefined ? badInput("page_token", "not a token of this list") : Number(before);
}
