// All users of a tenant, shard by shard, from where a page ended.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CoreGiven } from "../given.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, SHARDS, type HexId, type Shard, type UnixMs } from "../store/entity.ts";

/** A user's place in the walk. */
export interface UserPlace {
  readonly shard: Shard;
  readonly createdAt: UnixMs;
  readonly userId: string;
}

const PAGE = 100;
/** Without users, before others have their turn. */
const SHARDS_A_TURN = 64;

/** Those behind `after`; newest of a shard first, of one moment by name. The order stays when users come. */
export async function* walkUsers(
  { store }: Pick<CoreGiven, "store">,
  tenantId: HexId,
  after?: UserPlace,
): AsyncGenerator<UserPlace, void> {
  const [first, last] = tenantId === ADMINISTRATION ? [ADMINISTRATION_SHARD, ADMINISTRATION_SHARD] : [0, SHARDS - 1];
  for (let shard = Math.max(first, after?.shard ?? first); shard <= last; shard++) {
    let from = after?.shard === shard ? after : undefined;
    for (;;) {
      // A page is not cut between users of one moment, so those before `from` come once more and are passed over.
      const before = from === undefined ? {} : { before: from.createdAt + 1 };
      const keys = await store.list(shard, "user-entry", tenantId, { tenant: tenantId, limit: PAGE + 1, ...before });
      const { entities } = keys.length === 0 ? { entities: [] } : await store.load(shard, ...keys);
      const places = entities.flatMap(({ body }) => (body === undefined ? [] : [{ shard, ...body }]));
      const fresh = places.filter((place) => from === undefined || isBehind(place, from));
      yield* fresh;
      const end = fresh.at(-1);
      // Nothing of it need have waited for anything, and there may be no end to users of whom nothing is wanted.
      if (fresh.length > 0) await nextTurn();
      if (end === undefined || keys.length <= PAGE) break;
      from = end;
    }
    if (shard % SHARDS_A_TURN === 0) await nextTurn();
  }
}

function isBehind(one: UserPlace, other: UserPlace): boolean {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt;
  return one.userId > other.userId;
}

/** As it stands in a page token. */
export function placeText({ shard, createdAt, userId }: UserPlace): string {
  return `${shard}.${createdAt}.${userId}`;
}

export function readPlace(text: string): UserPlace | undefined {
  const [, shard, createdAt, userId] = /^(\d{1,4})\.(\d{1,16})\.([A-Za-z0-9._@+-]{1,64})$/.exec(text) ?? [];
  if (shard === undefined || createdAt === undefined || userId === undefined) return undefined;
  return { shard: Number(shard), createdAt: Number(createdAt), userId };
}
