import { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";

/** One event with its place in its chain. */
export function eventMessage(
  entry: AuditEntry,
  { event, tenant, actor, subject, detail }: AuditDraft,
  index: number,
): AuditEvent {
  return AuditEvent.create({
    ...{ shard: entry.shard, seq: BigInt(entry.seq), index, at: timestampOf(entry.at) },
    ...{
      event,
      tenantId: tenant,
      actor,
      subject,
      detailJson: JSON.stringify(detail),
      entryHash: Buffer.from(entry.hash),
    },
  });
}

/** Exactly this event, or with a trailing dot all that begin so; "": all. */
export function isEvent(wanted: string, event: string): boolean {
  return wanted === "" || (wanted.endsWith(".") ? event.startsWith(wanted) : event === wanted);
}
