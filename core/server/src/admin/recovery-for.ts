import type { CoreGiven } from "../given.ts";
import { loadUser, type UserName } from "../identity/change-user.ts";
import { readyByChange } from "../identity/held-recovery.ts";
import { isRefusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";

/** How the user's next key comes: by the recovery that administrators confirmed, if its hold is over. */
export async function recoveryFor(given: CoreGiven, name: UserName): Promise<{ readonly recoveryId?: HexId }> {
  const user = await loadUser(given, name);
  const recoveryId = isRefusal(user) ? undefined : readyByChange(user, given.store.now());
  return recoveryId === undefined ? {} : { recoveryId };
}
