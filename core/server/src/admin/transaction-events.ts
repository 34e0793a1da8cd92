import { setImmediate as nextTurn } from "node:timers/promises";
import { TransactionEvent } from "@countersign/proto/node/admin/v1/admin_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { shardOfTransaction } from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { firstSince } from "./tail-audit.ts";

const PAGE = 100;
/** Clocks of two cores, and the moment between a transaction's load and its commit. */
const OVERLAP_MS = 60_000;

/**
 * What the audit says of one transaction, oldest first: out of its shard's chain, from when it was created. No index is
 * asked, because what it hid would be missed here.
 */
export async function eventsOf(
  { store }: Pick<CoreGiven, "store">,
  { txId, createdAt }: Pick<Transaction, "txId" | "createdAt">,
): Promise<readonly (readonly [AuditEntry, AuditDraft])[]> {
  const shard = shardOfTransaction(txId);
  const found: (readonly [AuditEntry, AuditDraft])[] = [];
  for (let from = await firstSince(store, shard, createdAt - OVERLAP_MS); ;) {
    const entries = await store.audit(shard, from, PAGE);
    for (const entry of entries) {
      for (const event of entry.events) if (event.subject === `transaction:${txId}`) found.push([entry, event]);
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return found;
    from = last.seq + 1;
    await nextTurn();
  }
}

export function eventMessage([{ at, seq }, { event, actor, detail }]: readonly [
  AuditEntry,
  AuditDraft,
]): TransactionEvent {
  return TransactionEvent.create({
    event,
    actor,
    at: timestampOf(at),
    detailJson: JSON.stringify(detail),
    seq: BigInt(seq),
  });
}
