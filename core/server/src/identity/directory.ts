import { shardOfKey, type Bodies, type EntityKey, type UnixMs } from "../store/entity.ts";
import type { Store } from "../store/store.ts";

const DIRECTORY_TYPES = ["tenant", "app", "bot", "token", "grant", "admin", "administration"] as const;
type DirectoryType = (typeof DIRECTORY_TYPES)[number];

interface Cached {
  readonly body: Bodies[DirectoryType];
  readonly since: UnixMs;
}

/** Nothing is believed for longer: with ASK_AGAIN_MS of who asks by himself, revoking works within a second on every core. */
export const BELIEVED_MS = 300;
const MAX_ENTRIES = 10_000;

/**
 * Tenants, apps, bots, grants and tokens by key, cached. A commit of this core drops what it wrote at once; what
 * another core wrote is seen after BELIEVED_MS at most. What does not exist is not cached, so that guesses fill no memory.
 */
export class Directory {
  readonly #store: Store;
  readonly #cache = new Map<string, Cached>();
  /** Grows with every commit to one of its types: a load that began before may be stale and is not cached. */
  #drops = 0;

  constructor(store: Store) {
    this.#store = store;
    store.subscribe((_shard, keys) => {
      for (const key of keys) {
        if (!(DIRECTORY_TYPES as readonly string[]).includes(key.type)) continue;
        this.#drops += 1;
        this.#cache.delete(nameOf(key));
      }
    });
  }

  async get<T extends DirectoryType>(key: EntityKey<T>): Promise<Bodies[T] | undefined> {
    const name = nameOf(key);
    const cached = this.#cache.get(name);
    const age = cached === undefined ? Infinity : this.#store.now() - cached.since;
    if (cached !== undefined && age >= 0 && age < BELIEVED_MS) return cached.body as Bodies[T];
    const drops = this.#drops;
    const { entities, now } = await this.#store.load(shardOfKey(key), key);
    const body = entities[0].body;
    if (body !== undefined && drops === this.#drops) this.#keep(name, { body, since: now });
    return body;
  }

  #keep(name: string, entry: Cached): void {
    if (this.#cache.size >= MAX_ENTRIES) this.#cache.clear();
    this.#cache.set(name, entry);
  }
}

const directories = new WeakMap<Store, Directory>();

/** The directory of a store: one each, so that every service shares its cache. */
export function directoryOf(store: Store): Directory {
  const known = directories.get(store);
  if (known !== undefined) return known;
  const made = new Directory(store);
  directories.set(store, made);
  return made;
}

function nameOf(key: EntityKey): string {
  return `${key.type}\0${key.tenant}\0${key.id}`;
}
