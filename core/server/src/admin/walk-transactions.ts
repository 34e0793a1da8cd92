// Transactions user by user, as the store lists them: while there is no index, and to the end for who began so.
import type { CoreGiven } from "../given.ts";
import { shardOfUser, type HexId, type UnixMs } from "../store/entity.ts";
import { ownerOf } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { PageOf, PageStart } from "./page.ts";
import { placeText, readPlace, walkUsers, type UserPlace } from "./walk-users.ts";

/** Entities that one call loads. */
const MOST_LOOKED_AT = 2000;
const PAGE = 100;

export interface Walking {
  /** undefined: all, one after the other. */
  readonly userId: string | undefined;
  readonly wants: (one: Transaction) => boolean;
}

/** `start.after`: what an earlier call wrote there; undefined: none did. */
export async function walkTransactions(
  given: CoreGiven,
  tenantId: HexId,
  start: PageStart,
  { userId, wants }: Walking,
): Promise<PageOf<Transaction> | undefined> {
  const place = start.after === "" ? undefined : readWhere(start.after);
  if (start.after !== "" && place === undefined) return undefined;
  const users =
    userId === undefined ? walkUsers(given, tenantId, place?.behind) : one({ shard: 0, createdAt: 0, userId });
  return collect(given, tenantId, { users, wants, resume: place, start });
}

interface Where {
  /** Users up to here are done. */
  readonly behind: UserPlace | undefined;
  /** Within the next user: transactions before this moment are left. */
  readonly before: UnixMs | undefined;
}

interface Collecting {
  readonly users: AsyncIterable<UserPlace>;
  readonly wants: (one: Transaction) => boolean;
  readonly resume: Where | undefined;
  readonly start: PageStart;
}

async function collect(given: CoreGiven, tenantId: HexId, of: Collecting): Promise<PageOf<Transaction>> {
  const items: Transaction[] = [];
  const endAt = (behind: UserPlace | undefined, before: UnixMs | undefined): PageOf<Transaction> => ({
    items,
    nextPageToken: of.start.tokenFor(whereText({ behind, before })),
  });
  let looked = 0;
  let behind = of.resume?.behind;
  let { before } = of.resume ?? {};
  for await (const user of of.users) {
    if (before === undefined && (items.length >= of.start.limit || looked >= MOST_LOOKED_AT))
      return endAt(behind, undefined);
    do {
      const { found, next } = await pageOf(given, tenantId, user.userId, before);
      looked += found.length + 1;
      for (const [i, transaction] of found.entries()) {
        if (of.wants(transaction)) items.push(transaction);
        // Never between two of one moment: the next page begins below it.
        const isCut = found[i + 1] !== undefined && found[i + 1]?.createdAt !== transaction.createdAt;
        if (items.length >= of.start.limit && isCut) return endAt(behind, transaction.createdAt);
      }
      before = next;
      if (before !== undefined && (items.length >= of.start.limit || looked >= MOST_LOOKED_AT))
        return endAt(behind, before);
    } while (before !== undefined);
    behind = user;
  }
  return { items, nextPageToken: "" };
}

async function pageOf(
  { store }: CoreGiven,
  tenantId: HexId,
  userId: string,
  before: UnixMs | undefined,
): Promise<{ readonly found: readonly Transaction[]; readonly next: UnixMs | undefined }> {
  const shard = shardOfUser(tenantId, userId);
  const page = { tenant: "", limit: PAGE, ...(before === undefined ? {} : { before }) };
  const keys = await store.list(shard, "transaction", ownerOf(tenantId, userId), page);
  if (keys.length === 0) return { found: [], next: undefined };
  const { entities } = await store.load(shard, ...keys);
  const found = entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
  return { found, next: keys.length >= PAGE ? found.at(-1)?.createdAt : undefined };
}

async function* one(place: UserPlace): AsyncGenerator<UserPlace, void> {
  yield place;
}

function whereText({ behind, before }: Where): string {
  return `${before ?? ""}/${behind === undefined ? "" : placeText(behind)}`;
}

function readWhere(text: string): Where | undefined {
  const [, before = "", behind = ""] = /^(\d{0,16})\/(.*)$/.exec(text) ?? [];
  const place = behind === "" ? undefined : readPlace(behind);
  if ((before === "" && behind === "") || (behind !== "" && place === undefined)) return undefined;
  return { before: before === "" ? undefined : Number(before), behind: place };
}
