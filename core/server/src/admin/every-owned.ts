// What an owner has in all shards: for what there are hundreds of, not millions.
import type { CoreGiven } from "../given.ts";
import type { Tenant } from "../identity/tenant.ts";
import { SHARDS, type Bodies, type Shard } from "../store/entity.ts";
import type { Store } from "../store/store.ts";

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

/** Whose all tenants are. */
export const INSTALLATION = "installation";

/** What another core's hint did not tell is seen after so long. */
const MAX_AGE_MS = 5000;

interface Lately {
  tenants: Promise<Tenant[]> | undefined;
  since: number;
}

const known = new WeakMap<Store, Lately>();

/**
 * All tenants, as they were a moment ago: every call of an administrator that names no tenant asks for them, and they hardly
 * ever change. Not for what decides whether a tenant may be made.
 */
export async function tenantsLately({ store }: Pick<CoreGiven, "store">): Promise<readonly Tenant[]> {
  const lately = known.get(store) ?? watched(store);
  if (lately.tenants === undefined || performance.now() - lately.since > MAX_AGE_MS) {
    lately.since = performance.now();
    const asked = everyOwned({ store }, "tenant", { tenant: "", owner: INSTALLATION });
    lately.tenants = asked;
    // A store that was away is asked again.
    asked.catch(() => {
      if (lately.tenants === asked) lately.tenants = undefined;
    });
  }
  return lately.tenants;
}

function watched(store: Store): Lately {
  const lately: Lately = { tenants: undefined, since: 0 };
  known.set(store, lately);
  store.subscribe((_shard, keys) => {
    if (keys.some(({ type }) => type === "tenant")) lately.tenants = undefined;
  });
  return lately;
}
