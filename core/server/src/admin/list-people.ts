// Lists of what there may be hundreds of thousands of: what one call looks through is bounded.
import type { AdminServiceListUsersRequest } from "@countersign/proto/node/admin/v1/admin_service";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import type { User } from "../identity/user.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { readPage, type PageOf } from "./page.ts";
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
