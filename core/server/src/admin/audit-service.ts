// What happened, for people who look for it. docs/protocol/audit.md
import {
  AuditServiceListResponse,
  AuditServiceService,
  type AuditEvent,
  type AuditServiceExportRequest,
  type AuditServiceListHeadsRequest,
  type AuditServiceListRequest,
  type AuditServiceServer,
  type AuditServiceTailRequest,
} from "@countersign/proto/node/admin/v1/audit_service";
import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import type { CoreGiven } from "../given.ts";
import type { Tenant } from "../identity/tenant.ts";
import { adminOf, anyAdmin, serverStream, unary, type Call } from "../rpc/handler.ts";
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
import { exportAudit } from "./audit-export.ts";
import { listAuditHeads } from "./audit-heads.ts";
import { eventMessage, isEvent } from "./audit-message.ts";
import { readPage } from "./page.ts";
import { tailAudit } from "./tail-audit.ts";
import { tenantOf } from "./tenant-of.ts";

export function auditService(given: CoreGiven): Service {
  const implementation: AuditServiceServer = {
    list: unary(given, anyAdmin, (request: AuditServiceListRequest, call) => list(given, request, call)),
    tail: serverStream(given, anyAdmin, async (request: AuditServiceTailRequest, call, send) => {
      const tenant = await tenantIn(given, request, call);
      const events = readEvents(request);
      if (isRefusal(tenant)) return tenant;
      if (isRefusal(events)) return events;
      const tailing = { tenant: tenant?.tenantId, events, cursor: request.cursor };
      return tailAudit(given, tailing, call.signal, send);
    }),
    listHeads: unary(given, anyAdmin, (request: AuditServiceListHeadsRequest) => listAuditHeads(given, request)),
    export: serverStream(given, anyAdmin, async (request: AuditServiceExportRequest, call, send) => {
      const tenant = await tenantIn(given, request, call);
      return isRefusal(tenant) ? tenant : exportAudit(given, tenant?.tenantId, request, call.signal, send);
    }),
  };
  return { definition: AuditServiceService, implementation };
}

/** undefined: who is of the whole installation reads everything, also what belongs to no tenant. */
async function tenantIn(
  given: CoreGiven,
  { tenantId }: { readonly tenantId: string },
  { caller }: Call,
): Promise<Tenant | undefined | Refusal> {
  const admin = adminOf(caller);
  return tenantId === "" && admin.tenantId === "" ? undefined : tenantOf(given, admin, tenantId);
}

const MOST_EVENTS = 32;

/** Those that are asked for, by one of the two fields. */
function readEvents({ event, events }: AuditServiceTailRequest): readonly string[] | Refusal {
  if (events.length === 0) return [event];
  if (event !== "") return badInput("events", "event and events: give one of the two");
  return events.length > MOST_EVENTS ? badInput("events", `at most ${MOST_EVENTS}`) : events;
}

/** Entries that one call reads. */
const MOST_ENTRIES = 5000;
const READ_AT_ONCE = 500;

async function list(
  given: CoreGiven,
  request: AuditServiceListRequest,
  call: Call,
): Promise<AuditServiceListResponse | Refusal> {
  const tenant = await tenantIn(given, request, call);
  if (isRefusal(tenant)) return tenant;
  const { event, actor, subject, after, before } = request;
  const start = readPage(request, ["audit", tenant?.tenantId, event, actor, subject, after, before]);
  if (isRefusal(start)) return start;
  const [from, below] = [momentOf(after), momentOf(before)];
  if (from !== undefined && below !== undefined && from >= below) return badInput("before", "must be later than after");
  const wants = (entry: AuditEntry, one: AuditDraft): boolean =>
    (tenant === undefined || one.tenant === tenant.tenantId) &&
    isEvent(event, one.event) &&
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

function readPlace(text: string): Place {
  const [, shard = "0", seq = "1"] = /^(\d{1,4})\.(\d{1,15})$/.exec(text) ?? [];
  return { shard: Number(shard), seq: Number(seq) };
}

function momentOf(at: Timestamp | undefined): UnixMs | undefined {
  return at === undefined ? undefined : Number(at.seconds) * 1000 + Math.floor(at.nanos / 1_000_000);
}
