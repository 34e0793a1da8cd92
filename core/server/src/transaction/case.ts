import { deliveryKey } from "../delivery/delivery-key.ts";
import type { CoreGiven } from "../given.ts";
import { adminKey, changeKey, keyKey, linkKey, userKey } from "../identity/entity-key.ts";
import type { User } from "../identity/user.ts";
import { shardOfTransaction, type EntityKey, type HexId, type Shard, type UnixMs } from "../store/entity.ts";
import type { LoadedEntity } from "../store/store.ts";
import { transactionKey } from "./transaction-key.ts";
import type { CoreAction, Transaction } from "./transaction.ts";

type OtherType = "judged" | "content" | "bad-signatures";

/** Everything that a step of one transaction may touch, read at one moment from its user's shard. */
export interface Case {
  readonly shard: Shard;
  readonly epoch: number;
  /** The store's clock. */
  readonly now: UnixMs;
  readonly transaction: LoadedEntity<"transaction">;
  readonly user: LoadedEntity<"user">;
  /** Those of the user in his order, and the one that a LINK or UNLINK is about. */
  readonly links: readonly LoadedEntity<"link">[];
  /** One for each link, in the same order. */
  readonly deliveries: readonly LoadedEntity<"delivery">[];
  /** Those that an ENROL is about, and those that were asked for. */
  readonly keys: readonly LoadedEntity<"key">[];
  readonly others: readonly LoadedEntity<OtherType>[];
  /** What an ADMIN is about. */
  readonly change?: LoadedEntity<"change">;
  /** Whom a LOGIN of an administrator is about. */
  readonly admin?: LoadedEntity<"admin">;
}

/** A case whose transaction and user exist. */
export interface HeldCase extends Case {
  readonly transaction: LoadedEntity<"transaction"> & { readonly body: Transaction };
  readonly user: LoadedEntity<"user"> & { readonly body: User };
}

/** What to load beside what a case always has. */
export interface CaseExtras {
  readonly keyIds?: readonly HexId[];
  readonly others?: readonly EntityKey<OtherType>[];
}

/** Loads the case of a transaction; undefined: there is none of this id. */
export async function loadCase(given: CoreGiven, txId: HexId, extras: CaseExtras = {}): Promise<HeldCase | undefined> {
  const shard = shardOfTransaction(txId);
  const { entities } = await given.store.load(shard, transactionKey(txId));
  const transaction = entities[0].body;
  if (transaction === undefined) return undefined;
  const { tenantId, userId, action } = transaction;
  return (await loadCaseOf(given, { shard, txId, tenantId, userId, action }, extras)) as HeldCase;
}

/** The case as it stands now; its links are known from before, so it takes one load. */
export async function reloadCase(given: CoreGiven, held: HeldCase, extras: CaseExtras = {}): Promise<HeldCase> {
  const { txId, tenantId, userId, action } = held.transaction.body;
  const of = { shard: held.shard, txId, tenantId, userId, action };
  return (await loadCaseOf(given, of, extras, held.user.body)) as HeldCase;
}

export interface CaseOf {
  readonly shard: Shard;
  readonly txId: HexId;
  readonly tenantId: HexId;
  readonly userId: string;
  readonly action: CoreAction | undefined;
}

/**
 * As loadCase, also for a transaction that does not exist yet. Links that come in between are read in a second go; `known`:
 * the user as he was read before, whose links are tried first.
 */
export async function loadCaseOf(given: CoreGiven, of: CaseOf, extras: CaseExtras = {}, known?: User): Promise<Case> {
  const user = known ?? (await given.store.load(of.shard, userKey(of.tenantId, of.userId))).entities[0].body;
  let linkIds = linkIdsOf(user, of.action);
  for (;;) {
    const loaded = await loadOnce(given, of, linkIds, extras);
    const wanted = linkIdsOf(loaded.user.body, of.action);
    if (wanted.join() === linkIds.join()) return loaded;
    linkIds = wanted;
  }
}

async function loadOnce(given: CoreGiven, of: CaseOf, linkIds: readonly HexId[], extras: CaseExtras): Promise<Case> {
  const { tenantId, txId } = of;
  const keyIds = keyIdsOf(of.action, extras.keyIds ?? []);
  const others = extras.others ?? [];
  const keys: EntityKey[] = [transactionKey(txId), userKey(tenantId, of.userId)];
  for (const id of linkIds) keys.push(linkKey(tenantId, id));
  for (const id of linkIds) keys.push(deliveryKey(tenantId, txId, id));
  for (const id of keyIds) keys.push(keyKey(tenantId, id));
  for (const key of others) keys.push(key);
  if (of.action?.type === "admin") keys.push(changeKey(of.action.changeId));
  if (of.action?.type === "login") keys.push(adminKey(of.userId));
  const { entities, epoch, now } = await given.store.load(of.shard, ...keys);
  let at = 2;
  const take = (count: number): readonly never[] => entities.slice(at, (at += count)) as never[];
  return {
    shard: of.shard,
    epoch,
    now,
    transaction: entities[0] as LoadedEntity<"transaction">,
    user: entities[1] as LoadedEntity<"user">,
    links: take(linkIds.length),
    deliveries: take(linkIds.length),
    keys: take(keyIds.length),
    others: take(others.length),
    ...(of.action?.type === "admin" ? { change: entities[at] as LoadedEntity<"change"> } : {}),
    ...(of.action?.type === "login" ? { admin: entities[at] as LoadedEntity<"admin"> } : {}),
  };
}

/** Each once, as an entity is written once. */
function keyIdsOf(action: CoreAction | undefined, asked: readonly HexId[]): readonly HexId[] {
  const all = action?.type === "enrol" ? [action.keyId, ...asked] : asked;
  return all.length < 2 ? all : [...new Set(all)];
}

function linkIdsOf(user: User | undefined, action: CoreAction | undefined): readonly HexId[] {
  const own = user?.linkIds ?? [];
  const linkId = action?.type === "link" || action?.type === "unlink" ? action.linkId : undefined;
  return linkId === undefined || own.includes(linkId) ? own : [...own, linkId];
}
