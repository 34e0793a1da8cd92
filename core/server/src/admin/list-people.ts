// Lists of what there may be hundreds of thousands of: what one call looks through is bounded.
import type {
  AdminServiceListTransactionsRequest,
  AdminServiceListUsersRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import type { User } from "../identity/user.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId, type UnixMs } from "../store/entity.ts";
import { ownerOf } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { readPage, type PageOf, type PageStart } from "./page.ts";
import { placeText, readPlace, walkUsers, type UserPlace } from "./walk-users.ts";

/** Entities that one call loads. */
const MOST_LOOKED_AT = 2000;

export async function listUsers(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListUsersRequest,
): Promise<PageOf<User> | Refusal> {
  const { userIdPrefix, state } = request;
  const start = readPage(request, ["users", tenantId, userIdPrefix, state]);
  if (isRefusal(start)) return start;
  const after = start.after === "" ? undefined : readPlace(start.after);
  const items: User[] = [];
  let looked = 0;
  let last: UserPlace | undefined;
  for await (const place of walkUsers(given, tenantId, after)) {
    if (last !== undefined && (items.length >= start.limit || looked >= MOST_LOOKED_AT)) {
      return { items, nextPageToken: start.tokenFor(placeText(last)) };
    }
    last = place;
    if (!place.userId.startsWith(userIdPrefix)) continue;
    looked += 1;
    const user = await loadUser(given, { tenantId, userId: place.userId });
    if (!isRefusal(user) && (state === UserState.UNSPECIFIED || UserState[user.state] === state)) items.push(user);
  }
  return { items, nextPageToken: "" };
}

const PAGE = 100;

/** Of one user, or of all, one after the other. */
export async function listTransactions(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListTransactionsRequest,
): Promise<PageOf<Transaction> | Refusal> {
  const { userId, states, kinds, tag, createdAfter, createdBefore } = request;
  const filters = ["transactions", tenantId, userId, states, kinds, tag, createdAfter, createdBefore];
  const start = readPage(request, filters);
  if (isRefusal(start)) return start;
  const [from, below] = [momentOf(createdAfter), momentOf(createdBefore)];
  if (from !== undefined && below !== undefined && from >= below) {
    return badInput("created_before", "must be later than created_after");
  }
  const wants = (of: Transaction): boolean =>
    (states.length === 0 || states.includes(State[of.state])) &&
    (kinds.length === 0 || kinds.includes(of.kind)) &&
    (tag === "" || of.tag === tag.trim().toUpperCase()) &&
    (from === undefined || of.createdAt >= from) &&
    (below === undefined || of.createdAt < below);
  if (userId !== "") {
    const user = await loadUser(given, { tenantId, userId });
    if (isRefusal(user)) return user;
  }
  const place = readWhere(start.after);
  const users = userId === "" ? walkUsers(given, tenantId, place?.behind) : one({ shard: 0, createdAt: 0, userId });
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
  if (text === "") return undefined;
  return { before: before === "" ? undefined : Number(before), behind: readPlace(behind) };
}

function momentOf(at: Timestamp | undefined): UnixMs | undefined {
  return at === undefined ? undefined : Number(at.seconds) * 1000 + Math.floor(at.nanos / 1_000_000);
}
