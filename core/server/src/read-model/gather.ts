// What a slice of the index is made of: some entries of some chains, and what they wrote as it stands now.
import { equalBytes } from "@countersign/protocol";
import type { EntityKey, Shard } from "../store/entity.ts";
import { IntegrityError, type AuditEntry, type Store } from "../store/store.ts";
import { isIndexed, type IndexedEntity, type IndexedType } from "./entity-row.ts";

/** Up to which entry a shard is in the index. */
export interface Cursor {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** A chain does not go on where the index stopped: another store's, or a server that lost what it had. */
export class ChainMovedError extends Error {
  override readonly name = "ChainMovedError";
}

export interface Gathered {
  readonly shard: Shard;
  readonly entries: readonly AuditEntry[];
  readonly entities: readonly IndexedEntity[];
  /** There may be further entries. */
  readonly more: boolean;
}

/** `isNew`: the cursor is an earlier process's, and the entry that it names is looked at once more. */
export async function gather(
  store: Store,
  shard: Shard,
  { cursor, isNew, limit }: { readonly cursor: Cursor | undefined; readonly isNew: boolean; readonly limit: number },
): Promise<Gathered> {
  const looksBack = cursor !== undefined && isNew;
  const first = looksBack ? cursor.seq : (cursor?.seq ?? 0) + 1;
  const read = await store.audit(shard, first, looksBack ? limit + 1 : limit);
  const entries = looksBack ? read.slice(1) : read;
  const before = looksBack ? read[0]?.hash : entries[0]?.previous;
  const isNext = cursor === undefined || (before === undefined ? !looksBack : equalBytes(before, cursor.hash));
  if (!isNext) throw new ChainMovedError(`shard ${shard} does not go on from entry ${cursor.seq}`);
  const keys = new Map<string, EntityKey<IndexedType>>();
  for (const { versions } of entries) {
    for (const [type, tenant, id] of versions) {
      const key = { type, tenant, id };
      if (isIndexed(key)) keys.set(`${type}\0${tenant}\0${id}`, key);
    }
  }
  return { shard, entries, entities: await loadAll(store, shard, [...keys.values()]), more: read.length >= limit };
}

/** What was altered from outside is left out: who asks for it by its id is told. */
async function loadAll(
  store: Store,
  shard: Shard,
  keys: readonly EntityKey<IndexedType>[],
): Promise<readonly IndexedEntity[]> {
  if (keys.length === 0) return [];
  try {
    const { entities } = await store.load(shard, ...keys);
    return entities.flatMap(({ key, body }) => (body === undefined ? [] : [{ key, body } as IndexedEntity]));
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    if (keys.length === 1) return [];
    const each = await Promise.all(keys.map((key) => loadAll(store, shard, [key])));
    return each.flat();
  }
}
