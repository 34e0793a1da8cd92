// Transactions of a tenant, newest first: found by the index, loaded from the store, and judged by what was loaded.
import type { AdminServiceListTransactionsRequest } from "@countersign/proto/node/admin/v1/admin_service";
import { Kind, State } from "@countersign/proto/node/core/v1/content";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import { checkUserId } from "../identity/user-name.ts";
import { findTransactions, type FoundTransaction, type TransactionFilter } from "../read-model/find-transactions.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { placeText, readPlaceText } from "../read-model/row-place.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { isTxId, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { checkHexPrefix, checkUserPrefix, readBetween, readNames } from "./list-filter.ts";
import { readPage, type PageOf, type PageStart } from "./page.ts";
import { walkTransactions } from "./walk-transactions.ts";

/** Tokens of the index begin so; those of the walk over the store do not. */
const BY_INDEX = "i.";

export async function listTransactions(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListTransactionsRequest,
): Promise<PageOf<Transaction> | Refusal> {
  const filter = readFilter(tenantId, request);
  if (isRefusal(filter)) return filter;
  const { pageSize: _size, pageToken: _token, tenantId: _asked, ...asked } = request;
  const start = readPage(request, ["transactions", tenantId, asked]);
  if (isRefusal(start)) return start;
  if (filter.userId !== undefined) {
    const user = await loadUser(given, { tenantId, userId: filter.userId });
    if (isRefusal(user)) return user;
  }
  const isOfIndex = start.after.startsWith(BY_INDEX);
  const after = isOfIndex ? readPlaceText(start.after.slice(BY_INDEX.length)) : undefined;
  if (isOfIndex && after === undefined) return badInput("page_token", "not a token of this list");
  // Who began to walk walks on: the two orders differ.
  if (start.after === "" || isOfIndex) {
    const page = await readModelOf(given).use((file) =>
      collect(given, filter, start, findTransactions(file, filter, after)),
    );
    if (page !== undefined) return page;
    if (isOfIndex) return isBuilding(given);
  }
  const walking = { userId: filter.userId, wants: (one: Transaction) => wants(one, filter) };
  const page = await walkTransactions(given, tenantId, start, walking);
  return page ?? badInput("page_token", "not a token of this list");
}

/** A page of an order that cannot be had otherwise. */
export function isBuilding(given: CoreGiven): Refusal {
  const { read, of } = readModelOf(given).progress;
  const message = `The index of administrators' lists is being built: ${read} of ${of} shards are read. Ask again.`;
  return { refused: "UNAVAILABLE", message, retryAfterMs: 2000 };
}

function readFilter(tenantId: HexId, request: AdminServiceListTransactionsRequest): TransactionFilter | Refusal {
  const { userId, userIdPrefix, transactionIdPrefix, states, kinds, tag, createdAfter, createdBefore } = request;
  const bad =
    (userId === "" ? undefined : checkUserId(userId)) ??
    checkUserPrefix(userIdPrefix, "user_id_prefix") ??
    checkHexPrefix(transactionIdPrefix, "transaction_id_prefix");
  if (bad !== undefined) return bad;
  const [stateNames, kindNames] = [readNames(states, State, "states"), readNames(kinds, Kind, "kinds")];
  if (isRefusal(stateNames)) return stateNames;
  if (isRefusal(kindNames)) return kindNames;
  const between = readBetween([createdAfter, "created_after"], [createdBefore, "created_before"]);
  if (isRefusal(between)) return between;
  return {
    ...{ tenantId, userIdPrefix, txIdPrefix: transactionIdPrefix, kinds: [...new Set(kinds)], ...between },
    userId: userId === "" ? undefined : userId,
    states: stateNames,
    tag: tag === "" ? undefined : tag.trim().toUpperCase(),
  };
}

/** The tenant above all: the index is not asked whose a transaction is. */
function wants(of: Transaction, filter: TransactionFilter): boolean {
  const { tenantId, userId, userIdPrefix, txIdPrefix, states, kinds, tag, from, below } = filter;
  return (
    of.tenantId === tenantId &&
    (userId === undefined || of.userId === userId) &&
    of.userId.startsWith(userIdPrefix) &&
    of.txId.startsWith(txIdPrefix) &&
    (states.length === 0 || states.includes(of.state)) &&
    (kinds.length === 0 || kinds.includes(of.kind)) &&
    (tag === undefined || of.tag === tag) &&
    (from === undefined || of.createdAt >= from) &&
    (below === undefined || of.createdAt < below)
  );
}

/** Found ones that one call loads: more than that are not what the index says they are. */
const MOST_LOADED = 1000;

async function collect(
  given: CoreGiven,
  filter: TransactionFilter,
  start: PageStart,
  found: AsyncGenerator<FoundTransaction, void>,
): Promise<PageOf<Transaction>> {
  const items: Transaction[] = [];
  let [last, loaded]: [bigint | undefined, number] = [undefined, 0];
  for (;;) {
    const batch: FoundTransaction[] = [];
    const room = Math.max(1, start.limit - items.length);
    while (batch.length < room) {
      const next = await found.next();
      if (next.done === true) break;
      batch.push(next.value);
    }
    const isFull = items.length >= start.limit || loaded >= MOST_LOADED;
    if (isFull && last !== undefined && batch.length > 0) {
      return { items, nextPageToken: start.tokenFor(`${BY_INDEX}${placeText(last)}`) };
    }
    const bodies = await Promise.all(batch.map(({ txId }) => loadOne(given, txId)));
    items.push(...bodies.filter((one) => one !== undefined).filter((one) => wants(one, filter)));
    loaded += batch.length;
    last = batch.at(-1)?.place ?? last;
    if (batch.length < room) return { items, nextPageToken: "" };
  }
}

async function loadOne({ store }: CoreGiven, txId: string): Promise<Transaction | undefined> {
  if (!isTxId(txId)) return undefined;
  return (await store.load(shardOfTransaction(txId), transactionKey(txId))).entities[0].body;
}
