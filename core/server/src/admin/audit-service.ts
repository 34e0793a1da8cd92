// What happened, for people who look for it. docs/protocol/audit.md
import {
  AuditEvent,
  AuditServiceListResponse,
  AuditServiceService,
  type AuditServiceListRequest,
  type AuditServiceServer,
} from "@countersign/proto/node/admin/v1/audit_service";
import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { adminOf, anyAdmin, unary, type Call } from "../rpc/handler.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import {
  ADMINISTRATION_SHARD,
  shardOfTransaction,
  shardOfUser,
  SHARDS,
  type HexId,
  type Shard,
  type UnixMs,
} from "../store/entity.ts";
import type { AuditDraft, AuditEntry } from "../store/store.ts";
import { isTxId } from "../transaction/transaction-key.ts";
import { readPage } from "./page.ts";
import { tenantOf } from "./tenant-of.ts";

export function auditService(given: CoreGiven): Service {
  const implementation: AuditServiceServer = {
    list: unary(given, anyAdmin, (request: AuditServiceListRequest, call) => list(given, request, call)),
  };
  return { definition: AuditServiceService, implementation };
}

/** Entries that one call reads. */
const MOST_ENTRIES = 5000;
const READ_AT_ONCE = 500;

async function list(
  given: CoreGiven,
  request: AuditServiceListRequest,
  { caller }: Call,
): Promise<AuditServiceListResponse | Refusal> {
  const admin = adminOf(caller);
  // Who is of the whole installation reads everything, also what belongs to no tenant.
  const isAll = request.tenantId === "" && admin.tenantId === "";
  const tenant = isAll ? undefined : await tenantOf(given, admin, request.tenantId);
  if (isRefusal(tenant)) return tenant;
  const { event, actor, subject, after, before } = request;
  const start = readPage(request, ["audit", tenant?.tenantId, event, actor, subject, after, before]);
  if (isRefusal(start)) return start;
  const [from, below] = [momentOf(after), momentOf(before)];
  if (from !== undefined && below !== undefined && from >= below) return badInput("before", "must be later than after");
  const wants = (entry: AuditEntry, one: AuditDraft): boolean =>
    (tenant === undefined || one.tenant === tenant.tenantId) &&
    (event === "" || (event.endsWith(".") ? one.event.startsWith(event) : one.event === event)) &&
    (actor === "" || one.actor === actor) &&
    (subject === "" || one.subject === subject) &&
    (from === undefined || entry.at >= from) &&
    (below === undefined || entry.at < below);
  const place = readPlace(start.after);
  const found = await collect(given, shardOfSubject(subject, tenant?.tenantId), { place, limit: start.limit, wants });
  const nextPageToken = found.next === undefined ? "" : start.tokenFor(`${found.next.shard}.${found.next.seq}`);
  return AuditServiceListResponse.create({ events: found.events, nextPageToken });
}

interface Place {
  readonly shard: Shard;
  /** The first entry that was not looked at. */
  readonly seq: number;
}

interface Collecting {
  readonly place: Place;
  readonly limit: number;
  readonly wants: (entry: AuditEntry, event: AuditDraft) => boolean;
}

/** Entries are told whole, so a page may be longer by the events of one entry. */
async function collect(
  { store }: CoreGiven,
  only: Shard | undefined,
  { place, limit, wants }: Collecting,
): Promise<{ readonly events: AuditEvent[]; readonly next: Place | undefined }> {
  const events: AuditEvent[] = [];
  let looked = 0;
  const last = only ?? SHARDS - 1;
  for (let shard = Math.max(place.shard, only ?? 0); shard <= last; shard++) {
    let seq = shard === place.shard ? place.seq : 1;
    for (;;) {
      if (looked >= MOST_ENTRIES) return { events, next: { shard, seq } };
      const entries = await store.audit(shard, seq, READ_AT_ONCE);
      looked += entries.length + 1;
      for (const entry of entries) {
        entry.events.forEach((event, index) => {
          if (wants(entry, event)) events.push(eventMessage(entry, event, index));
        });
        seq = entry.seq + 1;
        if (events.length >= limit) return { events, next: { shard, seq } };
      }
      if (entries.length < READ_AT_ONCE) break;
    }
  }
  return { events, next: undefined };
}

/** Where everything about it stands, if that is one shard. */
function shardOfSubject(subject: string, tenantId: HexId | undefined): Shard | undefined {
  const [type = "", id = ""] = subject.split(/:(.*)/s);
  if (type === "transaction" && isTxId(id)) return shardOfTransaction(id);
  if (type === "user" && tenantId !== undefined) return shardOfUser(tenantId, id);
  return type === "admin" || type === "change" ? ADMINISTRATION_SHARD : undefined;
}

function eventMessage(
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

function readPlace(text: string): Place {
  const [, shard = "0", seq = "1"] = /^(\d{1,4})\.(\d{1,15})$/.exec(text) ?? [];
  return { shard: Number(shard), seq: Number(seq) };
}

function momentOf(at: Timestamp | undefined): UnixMs | undefined {
  return at === undefined ? undefined : Number(at.seconds) * 1000 + Math.floor(at.nanos / 1_000_000);
}
