// The audit shard by shard, oldest first within each.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import type { CoreGiven } from "../given.ts";
import {
  ADMINISTRATION_SHARD,
  shardOfTransaction,
  shardOfUser,
  SHARDS,
  type HexId,
  type Shard,
} from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";
import { isTxId } from "../transaction/transaction-key.ts";
import { eventMessage } from "./audit-message.ts";
import type { PageOf, PageStart } from "./page.ts";

/** Entries that one call reads. */
const MOST_ENTRIES = 5000;
const READ_AT_ONCE = 100;
/** Empty ones, before others have their turn. */
const SHARDS_A_TURN = 64;

interface Place {
  readonly shard: Shard;
  /** The first entry that was not looked at. */
  readonly seq: number;
}

export interface WalkedAudit {
  /** undefined: all shards. */
  readonly only: Shard | undefined;
  readonly wants: (entry: AuditEntry, event: AuditDraft) => boolean;
}

/** Entries are told whole, so a page may be longer by the events of one entry. undefined: `start.after` is no place. */
export async function walkAudit(
  { store }: CoreGiven,
  { only, wants }: WalkedAudit,
  start: PageStart,
): Promise<PageOf<AuditEvent> | undefined> {
  const place = readPlace(start.after);
  if (place === undefined) return undefined;
  const events: AuditEvent[] = [];
  const endAt = (shard: Shard, seq: number): PageOf<AuditEvent> => ({
    items: events,
    nextPageToken: start.tokenFor(`${shard}.${seq}`),
  });
  let looked = 0;
  const last = only ?? SHARDS - 1;
  for (let shard = Math.max(place.shard, only ?? 0); shard <= last; shard++) {
    let seq = shard === place.shard ? place.seq : 1;
    for (;;) {
      if (looked >= MOST_ENTRIES) return endAt(shard, seq);
      const entries = await store.audit(shard, seq, READ_AT_ONCE);
      looked += entries.length + 1;
      if (entries.length > 0) await nextTurn();
      for (const entry of entries) {
        entry.events.forEach((event, index) => {
          if (wants(entry, event)) events.push(eventMessage(entry, event, index));
        });
        seq = entry.seq + 1;
        if (events.length >= start.limit) return endAt(shard, seq);
      }
      if (entries.length < READ_AT_ONCE) break;
    }
    if (shard % SHARDS_A_TURN === 0) await nextTurn();
  }
  return { items: events, nextPageToken: "" };
}

/** Where everything about it stands, if that is one shard. */
export function shardOfSubject(subject: string, tenantId: HexId | undefined): Shard | undefined {
  const [type = "", id = ""] = subject.split(/:(.*)/s);
  if (type === "transaction" && isTxId(id)) return shardOfTransaction(id);
  if (type === "user" && tenantId !== undefined) return shardOfUser(tenantId, id);
  return type === "admin" || type === "change" ? ADMINISTRATION_SHARD : undefined;
}

function readPlace(text: string): Place | undefined {
  if (text === "") return { shard: 0, seq: 1 };
  const [, shard, seq] = /^(\d{1,4})\.(\d{1,15})$/.exec(text) ?? [];
  return shard === undefined ? undefined : { shard: Number(shard), seq: Number(seq) };
}
