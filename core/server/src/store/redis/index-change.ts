import type { EntityKey, Shard } from "../entity.ts";
import { nameOf } from "../change-set.ts";
import type { Index } from "../store.ts";
import type { KeyNames } from "./key-names.ts";

/** One member of one sorted set: written with its score, or removed. */
export interface IndexChange {
  readonly set: string;
  readonly member: string;
  readonly score: number | undefined;
}

/** What turns one index of an entity into another; `undefined` for an entity that was not, or will not be. */
export function indexChanges(
  names: KeyNames,
  shard: Shard,
  key: EntityKey,
  change: { readonly from: Index | undefined; readonly to: Index | undefined },
): IndexChange[] {
  const before = membersOf(names, shard, key, change.from);
  const after = membersOf(names, shard, key, change.to);
  const changes: IndexChange[] = [];
  for (const [set, { member }] of before) if (!after.has(set)) changes.push({ set, member, score: undefined });
  for (const [set, { member, score }] of after) {
    if (before.get(set)?.score !== score) changes.push({ set, member, score });
  }
  return changes;
}

/** In which sorted sets an entity of this index stands, as what, with which score. */
// Lists go newest first with equal sorts in order of ids: Redis gives that for the negative sort, read forwards.
export function membersOf(
  names: KeyNames,
  shard: Shard,
  key: EntityKey,
  index: Index | undefined,
): Map<string, { readonly member: string; readonly score: number }> {
  const members = new Map<string, { readonly member: string; readonly score: number }>();
  if (index === undefined) return members;
  const { owner, sort = 0, due, lane } = index;
  if (owner !== undefined) members.set(names.list(shard, key, owner), { member: key.id, score: -sort });
  if (due !== undefined) members.set(names.due(shard), { member: nameOf(key), score: due });
  if (lane !== undefined) members.set(names.lane(shard, lane), { member: nameOf(key), score: sort });
  return members;
}
