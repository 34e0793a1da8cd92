import type { EntityKey, HexId } from "../store/entity.ts";
import type { Index } from "../store/store.ts";
import { dueAt } from "./time.ts";
import type { Transaction } from "./transaction.ts";

/** Ids are unique in the installation and come from outside before their tenant is known: the body names it. */
export function transactionKey(txId: HexId): EntityKey<"transaction"> {
  return { type: "transaction", tenant: "", id: txId };
}

/** 32 lower-case hexadecimal digits. */
export function isTxId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** Whose transactions: user names of two tenants may be equal. */
export function ownerOf(tenantId: HexId, userId: string): string {
  return `${tenantId}:${userId}`;
}

/** Where executors of a tenant find what waits for them, or was left by them. */
export function executionLane(tenantId: HexId): string {
  return `execute:${tenantId}`;
}

/** By user, newest first; by the moment that time changes it; and in its tenant's lane while it may be claimed. */
export function transactionIndex(transaction: Transaction): Index {
  const due = dueAt(transaction);
  const waits = transaction.state === "CONFIRMED" || transaction.state === "EXECUTING";
  return {
    owner: ownerOf(transaction.tenantId, transaction.userId),
    sort: transaction.createdAt,
    ...(due === undefined ? {} : { due }),
    ...(waits ? { lane: executionLane(transaction.tenantId) } : {}),
  };
}
