// Users of a tenant, by name: found by the index, loaded from the store, and judged by what was loaded.
import type { AdminServiceListUsersRequest } from "@countersign/proto/node/admin/v1/admin_service";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import type { User } from "../identity/user.ts";
import { findUsers, type UserFilter } from "../read-model/find-users.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { checkUserPrefix } from "./list-filter.ts";
import { isBuilding } from "./list-transactions.ts";
import { readPage, type PageOf, type PageStart } from "./page.ts";
import { placeText, readPlace, walkUsers, type UserPlace } from "./walk-users.ts";

/** Entities that one call loads. */
const MOST_LOOKED_AT = 2000;
/** Tokens of the index begin so; those of the walk over the store do not. */
const BY_INDEX = "i.";

export async function listUsers(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListUsersRequest,
): Promise<PageOf<User> | Refusal> {
  const { userIdPrefix: prefix, state: asked } = request;
  const bad = checkUserPrefix(prefix, "user_id_prefix");
  if (bad !== undefined) return bad;
  const state = Object.entries(UserState).find(([, value]) => value === asked)?.[0];
  if (state === undefined || asked < 0) return badInput("state", "there is no such value; leave it out for all");
  const start = readPage(request, ["users", tenantId, prefix, asked]);
  if (isRefusal(start)) return start;
  const filter = { tenantId, prefix, state: asked === UserState.UNSPECIFIED ? undefined : state };
  const isOfIndex = start.after.startsWith(BY_INDEX);
  // Who began to walk walks on: the two orders differ.
  if (start.after !== "" && !isOfIndex) return walk(given, filter, start);
  const after = start.after.slice(BY_INDEX.length);
  const page = await readModelOf(given).use((file) => collect(given, filter, start, findUsers(file, filter, after)));
  return page ?? (isOfIndex ? isBuilding(given) : walk(given, filter, start));
}

async function collect(
  given: CoreGiven,
  filter: UserFilter,
  start: PageStart,
  found: AsyncGenerator<string, void>,
): Promise<PageOf<User>> {
  const items: User[] = [];
  let [last, looked] = ["", 0];
  for await (const userId of found) {
    if (items.length >= start.limit || looked >= MOST_LOOKED_AT) {
      return { items, nextPageToken: start.tokenFor(`${BY_INDEX}${last}`) };
    }
    [last, looked] = [userId, looked + 1];
    const user = await loadUser(given, { tenantId: filter.tenantId, userId });
    if (!isRefusal(user) && wants(user, filter)) items.push(user);
  }
  return { items, nextPageToken: "" };
}

async function walk(given: CoreGiven, filter: UserFilter, start: PageStart): Promise<PageOf<User> | Refusal> {
  const after = start.after === "" ? undefined : readPlace(start.after);
  if (start.after !== "" && after === undefined) return badInput("page_token", "not a token of this list");
  const items: User[] = [];
  let looked = 0;
  let last: UserPlace | undefined;
  for await (const place of walkUsers(given, filter.tenantId, after)) {
    if (last !== undefined && (items.length >= start.limit || looked >= MOST_LOOKED_AT)) {
      return { items, nextPageToken: start.tokenFor(placeText(last)) };
    }
    last = place;
    if (!place.userId.startsWith(filter.prefix)) continue;
    looked += 1;
    const user = await loadUser(given, { tenantId: filter.tenantId, userId: place.userId });
    if (!isRefusal(user) && wants(user, filter)) items.push(user);
  }
  return { items, nextPageToken: "" };
}

function wants({ userId, state }: User, filter: UserFilter): boolean {
  return userId.startsWith(filter.prefix) && (filter.state === undefined || state === filter.state);
}
