// The rules every store holds a change set to before it touches anything. docs/protocol/store.md section 4.
import { SHARDS, type EntityKey, type Shard } from "./entity.ts";
import type { ChangeSet, Index } from "./store.ts";

/** Writes in one change set, and entities that it rests on. */
export const MAX_WRITES = 256;

const CHANGE_ID = /^[0-9a-f]{32}$/;

/** One name for one entity within its shard; NUL separates, so names cannot run into each other. */
export function nameOf(key: EntityKey): string {
  return `${key.type}\0${key.tenant}\0${key.id}`;
}

/** One name for one entity of all shards: under what it is kept in memory. */
export function cacheNameOf(shard: Shard, key: EntityKey): string {
  return `${shard}\0${key.type}\0${key.tenant}\0${key.id}`;
}

/** Throws TypeError when the change set breaks a rule: that is a bug of the caller, never an outcome. */
export function checkChangeSet(shard: Shard, change: ChangeSet): void {
  checkShard(shard);
  if (!CHANGE_ID.test(change.changeId)) throw new TypeError("changeId: expected 32 lower-case hexadecimal digits");
  if (change.audit.length === 0) throw new TypeError("a change set needs at least one audit event");
  if (change.writes.length > MAX_WRITES) throw new TypeError(`a change set has at most ${MAX_WRITES} writes; split it`);
  const { writes, reads = [] } = change;
  if (reads.length > MAX_WRITES) throw new TypeError(`a change set rests on at most ${MAX_WRITES} entities; split it`);
  for (const { key, expected, body, index } of writes) {
    checkKey(key);
    if (body === undefined && expected === "") {
      throw new TypeError(`deleting ${key.type} ${key.id} needs the version that was loaded`);
    }
    if (index !== undefined) checkIndex(index, key);
  }
  for (const { key } of reads) checkKey(key);
  refuseNamedTwice(reads.length === 0 ? writes : [...writes, ...reads]);
}

/** A change set has a few entities: comparing each with each takes less than the name of each. */
const FEW = 16;

function refuseNamedTwice(entities: readonly { readonly key: EntityKey }[]): void {
  if (entities.length > FEW) {
    const names = new Set<string>();
    for (const { key } of entities) {
      const name = nameOf(key);
      if (names.has(name)) throw namedTwice(key);
      names.add(name);
    }
    return;
  }
  for (let i = 1; i < entities.length; i++) {
    const { key } = entities[i]!;
    for (let j = 0; j < i; j++) if (isSame(key, entities[j]!.key)) throw namedTwice(key);
  }
}

function isSame(one: EntityKey, other: EntityKey): boolean {
  return one.id === other.id && one.type === other.type && one.tenant === other.tenant;
}

function namedTwice({ type, id }: EntityKey): TypeError {
  return new TypeError(`${type} ${id} is named twice in one change set`);
}

/** Throws TypeError unless it is one of the 1024. */
export function checkShard(shard: Shard): void {
  if (!Number.isInteger(shard) || shard < 0 || shard >= SHARDS) throw new TypeError(`no shard ${shard}`);
}

/** Throws TypeError for a key whose parts could be confused with another key's. */
export function checkKey(key: EntityKey): void {
  if (!isName(key.id) || key.id === "" || !isName(key.tenant)) {
    throw new TypeError(`${key.type}: id and tenant must be well-formed text without NUL, the id not empty`);
  }
}

/** The index as it is stored: what lists and lanes order by is 0 when it was not given. */
export function storedIndex(index: Index | undefined): Index {
  if (index === undefined) return {};
  if (index.sort !== undefined || (index.owner === undefined && index.lane === undefined)) return index;
  return { ...index, sort: 0 };
}

function checkIndex(index: Index, key: EntityKey): void {
  if (!isTime(index.due) || !isTime(index.sort))
    throw new TypeError(`${key.type} ${key.id}: due and sort are whole numbers`);
  if (!isName(index.owner) || !isName(index.lane))
    throw new TypeError(`${key.type} ${key.id}: owner and lane are text without NUL`);
}

function isName(text: string | undefined): boolean {
  return text === undefined || (text.isWellFormed() && !text.includes("\0"));
}

function isTime(value: number | undefined): boolean {
  return value === undefined || Number.isSafeInteger(value);
}
