import { TransactionEvent } from "@countersign/proto/node/admin/v1/admin_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";

const PAGE = 1000;

/** What the audit says of one transaction, oldest first. Its shard's chain is read from the beginning: some thousand entries. */
export async function eventsOf(
  { store }: CoreGiven,
  txId: HexId,
): Promise<readonly (readonly [AuditEntry, AuditDraft])[]> {
  const shard = shardOfTransaction(txId);
  const found: (readonly [AuditEntry, AuditDraft])[] = [];
  for (let from = 1; ;) {
    const entries = await store.audit(shard, from, PAGE);
    for (const entry of entries) {
      for (const event of entry.events) if (event.subject === `transaction:${txId}`) found.push([entry, event]);
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return found;
    from = last.seq + 1;
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
