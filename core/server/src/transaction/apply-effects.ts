import { fingerprintOf } from "@countersign/protocol";
import { changeWrites } from "../admin/approval.ts";
import { sessionWrites } from "../admin/session.ts";
import { outboxWrites } from "../approval/outbox.ts";
import { deliveryWrites } from "../delivery/plan.ts";
import { keyIndex } from "../identity/key-index.ts";
import { linkWrites } from "../identity/link-action.ts";
import { nameOf } from "../store/change-set.ts";
import type { EntityType } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { Case } from "./case.ts";
import { transactionIndex } from "./transaction-key.ts";
import type { CoreAction, Effect, Transaction } from "./transaction.ts";
import { changeUser } from "./user-effects.ts";

/** Writes of one commit by entity: a later one builds on what an earlier one made of the entity. */
type Drafts = Map<string, AnyWrite>;

/**
 * Turns a step into the writes of one change set: the transaction, its user, what the core itself does, and what the
 * chats are to show. The one place where several flows write the same entities, so no entity is written twice.
 */
export function applyEffects(held: Case, transaction: Transaction, effects: readonly Effect[]): readonly AnyWrite[] {
  const drafts: Drafts = new Map();
  put(drafts, { ...locate(held.transaction), body: transaction, index: transactionIndex(transaction) });
  for (const write of refusedChange(held, transaction)) put(drafts, write);
  for (const write of outboxWrites(held.transaction.body, transaction, held.now)) put(drafts, write);
  const alerts = applyToUser(drafts, held, transaction, effects);
  const all = [...effects, ...alerts];
  for (const effect of effects) {
    if (effect.type === "act") all.push(...act(drafts, held, transaction, effect.action));
  }
  for (const write of deliveryWrites(all, overlay(held, drafts), transaction, held.now)) put(drafts, write);
  return [...drafts.values()];
}

function applyToUser(drafts: Drafts, held: Case, of: Transaction, effects: readonly Effect[]): readonly Effect[] {
  const before = held.user.body;
  if (before === undefined) return [];
  const { user, alerts } = changeUser(before, effects, of, held.now);
  if (user !== before) put(drafts, { ...locate(held.user), body: user });
  return alerts;
}

/** What a transaction of the core's own kinds is about. Returns what the chats are told of it. */
function act(drafts: Drafts, held: Case, transaction: Transaction, action: CoreAction): readonly Effect[] {
  switch (action.type) {
    case "link":
    case "unlink":
      for (const write of linkWrites(action, overlay(held, drafts), transaction, held.now)) put(drafts, write);
      return [];
    case "admin": {
      const yes = { adminId: transaction.userId, txId: transaction.txId, said: "yes", detail: "" } as const;
      for (const write of changeWrites(held.change, yes, held.now)) put(drafts, write);
      return [];
    }
    case "login":
      for (const write of sessionWrites(held.admin, action, held.now)) put(drafts, write);
      return [];
    case "thaw":
      return []; // the user is freed by changeUser, his chats' pauses end in the plan
    case "enrol": {
      const key = held.keys.find(({ key: { id } }) => id === action.keyId);
      if (key?.body === undefined || key.body.state !== "PROVISIONAL") return [];
      put(drafts, { ...locate(key), body: { ...key.body, state: "ACTIVE" }, index: keyIndex(key.body) });
      const detail = fingerprintOf(key.body.publicKey);
      return [{ type: "alert", notice: { type: "KEY_ENROLLED", at: held.now, detail } }];
    }
  }
}

/**
 * Whoever says no to an ADMIN, also after his yes, ends what it is about: by key, by chat, or because his PC showed the key
 * something else.
 */
function refusedChange({ change, now, transaction: before }: Case, after: Transaction): AnyWrite[] {
  const { userId, txId, state } = after;
  const saysNo = (state === "REJECTED" || state === "TAMPERED") && before.body?.state !== state;
  const tookBack = state === "EXECUTED" && after.lateVeto !== undefined && before.body?.lateVeto === undefined;
  if (!saysNo && !tookBack) return [];
  const detail = saysNo ? state : "REJECTED";
  return changeWrites(change, { adminId: userId, txId, said: "no", detail }, now);
}

function put(drafts: Drafts, write: AnyWrite): void {
  drafts.set(nameOf(write.key), write);
}

function locate<T extends EntityType>(entity: LoadedEntity<T>): { key: LoadedEntity<T>["key"]; expected: string } {
  return { key: entity.key, expected: entity.version };
}

/** The case as the drafts leave it; versions stay those that were loaded. */
function overlay(held: Case, drafts: Drafts): Case {
  const types = new Set<EntityType>();
  for (const { key } of drafts.values()) types.add(key.type);
  const over = <T extends EntityType>(entity: LoadedEntity<T>): LoadedEntity<T> => {
    const draft = types.has(entity.key.type) ? drafts.get(nameOf(entity.key)) : undefined;
    return draft === undefined ? entity : { ...entity, body: draft.body as LoadedEntity<T>["body"] };
  };
  return {
    ...held,
    transaction: over(held.transaction),
    user: over(held.user),
    links: held.links.map(over),
    deliveries: held.deliveries.map(over),
    keys: held.keys.map(over),
  };
}
