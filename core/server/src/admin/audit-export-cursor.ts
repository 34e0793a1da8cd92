// Where an export goes on. docs/protocol/audit.md section 7.
import type { AuditServiceExportRequest } from "@countersign/proto/node/admin/v1/audit_service";
import { sha256, toHex, utf8, type Place } from "@countersign/protocol";
import { badInput, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";

export interface ExportCursor {
  /** Number of the head that it ends at. */
  readonly head: number;
  /** Of the one that it begins behind; 0: none. */
  readonly base: number;
  /** Of the next line; one that there is not: all were told. */
  readonly next: Place;
  /** Entries shown before it. */
  readonly shown: number;
}

/** What a cursor belongs to. */
function filtersOf({ sinceNumber, since }: AuditServiceExportRequest, tenant: HexId | undefined): string {
  const filters = [tenant ?? "", String(sinceNumber), String(since?.seconds ?? ""), since?.nanos ?? 0];
  return toHex(sha256(utf8(JSON.stringify(filters)))).slice(0, 16);
}

export function writeCursor(
  request: AuditServiceExportRequest,
  tenant: HexId | undefined,
  { head, base, next, shown }: ExportCursor,
): string {
  const numbers = [head, base, next.shard, next.seq, shown];
  return Buffer.from(`x1.${filtersOf(request, tenant)}.${numbers.join(".")}`).toString("base64url");
}

// Its numbers are the caller's: they say where to go on and what the unsigned last line counts, and nothing else.
/** undefined: it begins. */
export function readCursor(
  request: AuditServiceExportRequest,
  tenant: HexId | undefined,
): ExportCursor | undefined | Refusal {
  if (request.cursor === "") return undefined;
  const text = Buffer.from(request.cursor, "base64url").toString("latin1");
  const found = /^x1\.([0-9a-f]{16})\.(\d{1,15})\.(\d{1,15})\.(\d{1,4})\.(\d{1,15})\.(\d{1,15})$/.exec(text);
  if (found === null) return badInput("cursor", "not a cursor of an export");
  if (found[1] !== filtersOf(request, tenant)) return badInput("cursor", "it belongs to another export");
  const [head = 0, base = 0, shard = 0, seq = 0, shown = 0] = found.slice(2).map(Number);
  return { head, base, next: { shard, seq }, shown };
}
