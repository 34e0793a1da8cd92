// Export: all entries between two signed heads, as lines that are checked offline. docs/protocol/audit.md section 7.
import { setImmediate } from "node:timers/promises";
import {
  AuditServiceExportResponse,
  type AuditServiceExportRequest,
} from "@countersign/proto/node/admin/v1/audit_service";
import { endLine, equalBytes, ExpectedPlaces, headerLine, type OpenedHead, type Place } from "@countersign/protocol";
import { headOfLate } from "../audit/seal.ts";
import { headOf, listHeads, openStored, type StoredHead } from "../audit/stored-heads.ts";
import type { CoreGiven } from "../given.ts";
import type { Send } from "../rpc/handler.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { IntegrityError, type AuditEntry } from "../store/store.ts";
import { readCursor, writeCursor, type ExportCursor } from "./audit-export-cursor.ts";
import { ExportMessage, type ExportOf } from "./audit-export-message.ts";

/** A head that is older is not what somebody means who asks now. */
const FRESH_MS = 60_000;
const READ_AT_ONCE = 200;

/** From where to where, and whose. */
interface Exporting extends ExportOf {
  readonly places: ExpectedPlaces;
  /** Where the next line is from; undefined: all are told. */
  readonly next: Place | undefined;
  /** Entries shown before it. */
  readonly shown: number;
}

export async function exportAudit(
  given: CoreGiven,
  tenant: HexId | undefined,
  request: AuditServiceExportRequest,
  signal: AbortSignal,
  send: Send<AuditServiceExportResponse>,
): Promise<void | Refusal> {
  const cursor = readCursor(request, tenant);
  if (isRefusal(cursor)) return cursor;
  const heads = cursor === undefined ? await newHeads(given, request) : await sameHeads(given, cursor);
  if (isRefusal(heads)) return heads;
  const [head, base] = [openStored(given, heads.head), heads.base && openStored(given, heads.base)];
  const places = new ExpectedPlaces(base?.heads ?? new Map(), head.heads);
  const { next, shown } = cursor ?? { next: places.first(), shown: 0 };
  const goOn = next !== undefined && places.has(next) ? next : undefined;
  const exporting: Exporting = { tenant: tenant ?? "", head, places, next: goOn, shown };
  const numbers = { head: head.number, base: base?.number ?? 0 };
  const tell: Tell = (lines, after) => {
    const text = lines.map((line) => `${line}\n`).join("");
    const told = after === undefined ? "" : writeCursor(request, tenant, { ...numbers, ...after });
    return send(AuditServiceExportResponse.create({ lines: Buffer.from(text), cursor: told }));
  };
  if (cursor === undefined) {
    const header = headerLine({ base: base !== undefined, serverId: given.serverId, tenant: tenant ?? "" });
    await tell([header, heads.head.line, ...(heads.base === undefined ? [] : [heads.base.line])], {
      next: next ?? END,
      shown,
    });
  }
  const all = await tellEntries(given, exporting, signal, tell);
  await tell([endLine({ entries: all, opaque: places.count - all, root: head.root })]);
}

type Tell = (lines: readonly string[], after?: Pick<ExportCursor, "next" | "shown">) => Promise<void>;

/** How many entries were shown. */
async function tellEntries(given: CoreGiven, exporting: Exporting, signal: AbortSignal, tell: Tell): Promise<number> {
  const { places, head } = exporting;
  let { next, shown } = exporting;
  const message = new ExportMessage(given, exporting);
  while (next !== undefined) {
    const { shard, seq } = next;
    const end = head.heads.get(shard)?.seq ?? 0;
    const entries = await given.store.audit(shard, seq, Math.min(READ_AT_ONCE, end - seq + 1));
    if (entries.length === 0)
      throw new IntegrityError(`audit chain of shard ${shard}: entry ${seq} was signed, and is missing`);
    for (const entry of entries) {
      checkSigned(entry, head);
      if (message.add(entry)) shown += 1;
      next = places.after(entry);
      if (!message.isFull && next !== undefined) continue;
      await tell(message.take(), { next: next ?? END, shown });
      // Nothing of the above need have waited for anything: others have their turn here.
      await setImmediate();
      signal.throwIfAborted();
    }
  }
  return shown;
}

/** Where no entry stands: what is left is the last line. */
const END: Place = { shard: 0, seq: 0 };

function checkSigned({ shard, seq, hash }: AuditEntry, { heads, number }: OpenedHead): void {
  const head = heads.get(shard);
  if (head?.seq !== seq || equalBytes(head.hash, hash)) return;
  throw new IntegrityError(`audit chain of shard ${shard}: entry ${seq} is not the one that head ${number} signed`);
}

interface Heads {
  readonly head: StoredHead;
  readonly base: StoredHead | undefined;
}

async function newHeads(given: CoreGiven, request: AuditServiceExportRequest): Promise<Heads | Refusal> {
  const base = await baseOf(given, request);
  if (isRefusal(base)) return base;
  // Also where that is the base itself, and nothing is told yet: who could have one made at will would soon have driven all
  // others out of those that are kept, and past whoever is told of them.
  return { head: await headOfLate(given, FRESH_MS), base };
}

async function baseOf(
  given: CoreGiven,
  { sinceNumber, since }: AuditServiceExportRequest,
): Promise<StoredHead | undefined | Refusal> {
  if (sinceNumber !== 0n && since !== undefined)
    return badInput("since", "since and since_number: give one of the two");
  if (since !== undefined) {
    const moment = Number(since.seconds) * 1000 + Math.floor(since.nanos / 1_000_000);
    for (let before: number | undefined; ;) {
      const heads = await listHeads(given, { before, limit: 20 });
      const found = heads.find(({ at }) => at <= moment);
      before = heads.at(-1)?.number;
      if (found !== undefined || before === undefined) return found;
    }
  }
  if (sinceNumber === 0n) return undefined;
  return (
    (await headOf(given, Number(sinceNumber))) ??
    refuse("NOT_FOUND", `There is no head ${sinceNumber}, or not any more. ListHeads names those that are kept.`)
  );
}

async function sameHeads(given: CoreGiven, cursor: ExportCursor): Promise<Heads | Refusal> {
  const head = await headOf(given, cursor.head);
  const base = cursor.base === 0 ? undefined : await headOf(given, cursor.base);
  if (head !== undefined && (base !== undefined) === (cursor.base !== 0)) return { head, base };
  return refuse("STATE_CONFLICT", "The heads of this export are not kept any more. Begin it again.");
}
