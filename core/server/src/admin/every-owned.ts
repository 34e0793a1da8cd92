// What an owner has in all shards: for what there are hundreds of, not millions.
import type { CoreGiven } from "../given.ts";
import { SHARDS, type Bodies, type Shard } from "../store/entity.ts";

type ManyOf = "tenant" | "app" | "bot";

/** Shards that are asked at a time. */
const AT_A_TIME = 64;
const MOST_A_SHARD = 1000;

/** Bodies of an owner's entities of a type, in no order. */
export async function everyOwned<T extends ManyOf>(
  given: Pick<CoreGiven, "store">,
  type: T,
  { tenant, owner }: { readonly tenant: string; readonly owner: string },
): Promise<Bodies[T][]> {
  const found: Bodies[T][] = [];
  for (let from = 0; from < SHARDS; from += AT_A_TIME) {
    const shards = Array.from({ length: AT_A_TIME }, (_, i) => from + i);
    const pages = await Promise.all(shards.map((shard) => ownedIn(given, shard, type, { tenant, owner })));
    found.push(...pages.flat());
  }
  return found;
}

async function ownedIn<T extends ManyOf>(
  { store }: Pick<CoreGiven, "store">,
  shard: Shard,
  type: T,
  { tenant, owner }: { readonly tenant: string; readonly owner: string },
): Promise<Bodies[T][]> {
  const keys = await store.list(shard, type, owner, { tenant, limit: MOST_A_SHARD });
  if (keys.length === 0) return [];
  const { entities } = await store.load(shard, ...keys);
  return entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
}
