// What the index keeps of an entity. All of it is told from the entity as it stands, whatever its history was.
import type { Change } from "../admin/change.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { timelineOf } from "../delivery/timeline.ts";
import type { Bodies, EntityKey, EntityType, HexId, UnixMs } from "../store/entity.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { transactionPlace } from "./row-place.ts";
import { isOver, type CountedDelivery, type CountedTransaction } from "./tally.ts";

/** Types of entities that the index finds. */
export const INDEXED = ["transaction", "delivery", "user", "change", "app", "bot"] as const;
export type IndexedType = (typeof INDEXED)[number];

export function isIndexed(key: EntityKey): key is EntityKey<IndexedType> {
  return (INDEXED as readonly EntityType[]).includes(key.type);
}

/** An entity as it was loaded. */
export type IndexedEntity = {
  [T in IndexedType]: { readonly key: EntityKey<T>; readonly body: Bodies[T] };
}[IndexedType];

export interface TransactionRow extends CountedTransaction {
  readonly place: bigint;
  readonly txId: HexId;
  readonly tenantId: HexId;
  readonly userId: string;
  readonly kind: number;
  readonly tag: string;
}

/** The user's key said yes, whatever became of it then. */
const CONFIRMED: ReadonlySet<string> = new Set([
  ...["APPROVED", "CONFIRMED", "EXECUTING", "EXECUTION_UNKNOWN", "EXECUTED", "EXECUTION_FAILED"],
]);

export function transactionRow(of: Transaction): TransactionRow {
  const { txId, tenantId, userId, kind, tag, state, createdAt } = of;
  const row = { place: transactionPlace(createdAt, txId), txId, tenantId, userId, kind, tag, state };
  if (CONFIRMED.has(state) && "confirmation" in of) {
    const { at } = of.confirmation;
    return { ...row, outcome: "CONFIRMED", ended: at, confirm: Math.max(0, at - createdAt) };
  }
  const ended = isOver(state) && "at" in of ? of.at : undefined;
  return { ...row, outcome: ended === undefined ? undefined : state, ended, confirm: undefined };
}

export interface DeliveryRow extends CountedDelivery {
  readonly tenantId: HexId;
  readonly txId: HexId;
  readonly until: UnixMs;
}

/** undefined: it shows no code. */
export function deliveryRow(of: Delivery): DeliveryRow | undefined {
  const { txId, tenantId, platform, state, notAfter: until, createdAt, updatedAt } = of;
  if (of.type !== "prompt" || txId === undefined) return undefined;
  const sentAt = timelineOf(of).find(({ type }) => type === "SENT")?.at;
  const ended = sentAt ?? (state === "FAILED" ? updatedAt : undefined);
  const sent = sentAt === undefined ? undefined : Math.max(0, sentAt - createdAt);
  return { tenantId, txId, platform, state, until, ended, sent };
}

/** Whether somebody is still waited for is told by time. */
export function changeRow({ tenantId, state, expiresAt: until }: Change): Pick<Change, "tenantId" | "state"> & {
  readonly until: UnixMs;
} {
  return { tenantId, state, until };
}
