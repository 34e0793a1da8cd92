import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { findReservation, reserve, type RequestUse } from "../transaction/reserve.ts";
import { actorOfUse } from "../transaction/reserve.ts";
import { userEntryKey, userKey } from "./entity-key.ts";
import type { User } from "./user.ts";

const exists: Refusal = refuse("ALREADY_EXISTS", "user_id: there is a user of this name already.");

/** Makes a user, once for a request_id. A user made under another request_id is ALREADY_EXISTS. */
export async function createUser(
  given: CoreGiven,
  use: RequestUse,
  asked: Pick<User, "userId" | "phrase" | "locale">,
): Promise<User | Refusal> {
  const { tenantId } = use;
  const key = userKey(tenantId, asked.userId);
  const shard = shardOfUser(tenantId, asked.userId);
  const known = await findReservation(given, use);
  if (isRefusal(known)) return known;
  const before = (await given.store.load(shard, key)).entities[0].body;
  if (before !== undefined && known === undefined) return exists;
  const reserved = known ?? (await reserve(given, use, {}));
  if (isRefusal(reserved)) return reserved;
  return untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [held] = entities;
    // Two callers may have raced: the one that the user was not made for hears of it.
    if (held.body !== undefined) return isSame(held.body, asked) ? held.body : exists;
    const user: User = {
      ...{
        tenantId,
        userId: asked.userId,
        phrase: asked.phrase,
        locale: asked.locale,
        state: "ACTIVE",
        createdAt: now,
      },
      ...{ keyIds: [], linkIds: [], open: [], prompts: [], wrongInARow: 0, thaw: undefined, thaws: [] },
    };
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: "", body: user }, userEntryWrite(user)],
      audit: [
        {
          event: "user.created",
          tenant: tenantId,
          actor: actorOfUse(use),
          subject: `user:${asked.userId}`,
          detail: {},
        },
      ],
    });
    return outcome === "committed" ? user : undefined;
  });
}

/** Written once, beside him: the list of his tenant's users costs no later write of his. */
export function userEntryWrite({ tenantId, userId, createdAt }: User): AnyWrite {
  const index = { owner: tenantId, sort: createdAt };
  return { key: userEntryKey(tenantId, userId), expected: "", body: { userId, createdAt }, index };
}

function isSame(user: User, asked: Pick<User, "phrase" | "locale">): boolean {
  return user.phrase === asked.phrase && user.locale === asked.locale;
}
