// One entry of a shard's audit chain as bytes. docs/protocol/audit.md section 2.
import { sha256, utf8 } from "@countersign/protocol";
import type { EntityType, Shard, UnixMs } from "../store/entity.ts";
import type { AuditDraft, AuditEntry, ChangeId } from "../store/store.ts";

/** Goes before every hashed entry, so that a chain hash is never mistaken for another hash of this system. */
const ENTRY_PREFIX = utf8("countersign/audit-entry/v1\0");

/** What the first entry of a chain names as its previous hash. */
export const GENESIS: Uint8Array = new Uint8Array(32);

/** An entry before it has its place in the chain's hashes. */
export type EntryContent = Omit<AuditEntry, "previous" | "hash">;

/** Type, tenant, id and new version of one written entity; version "" says that it was deleted. */
export type WrittenVersion = readonly [EntityType, string, string, string];

interface EntryJson {
  readonly at: UnixMs;
  readonly change: ChangeId;
  readonly epoch: number;
  readonly events: readonly AuditDraft[];
  readonly seq: number;
  readonly shard: Shard;
  readonly v: 1;
  readonly writes: readonly WrittenVersion[];
}

/** Canonical text of an entry: RFC 8785 JSON (members sorted, no white space), so every reader makes the same bytes. */
export function encodeEntry(entry: EntryContent): string {
  const json: EntryJson = {
    at: entry.at,
    change: entry.changeId,
    epoch: entry.epoch,
    events: entry.events.map(canonicalEvent),
    seq: entry.seq,
    shard: entry.shard,
    v: 1,
    writes: entry.versions,
  };
  return JSON.stringify(json);
}

/** Reads an entry's text; throws SyntaxError or TypeError when it is not the canonical text of an entry. */
export function decodeEntry(text: string): EntryContent {
  const json = JSON.parse(text) as EntryJson;
  const entry: EntryContent = {
    shard: json.shard,
    epoch: json.epoch,
    seq: json.seq,
    at: json.at,
    changeId: json.change,
    events: json.events,
    versions: json.writes,
  };
  if (json.v !== 1) throw new TypeError(`audit entry of format ${String(json.v)}; this version reads 1`);
  if (encodeEntry(entry) !== text) throw new TypeError("audit entry is not in its canonical form");
  return entry;
}

let scratch = Buffer.alloc(4096);
const TEXT_AT: number = ENTRY_PREFIX.length + 32;

/** SHA-256(prefix ‖ previous hash ‖ entry text). */
export function hashEntry(previous: Uint8Array, text: string): Uint8Array {
  // One buffer for all: joining three arrays takes as long as hashing them.
  if (TEXT_AT + text.length * 3 > scratch.length) scratch = Buffer.alloc(TEXT_AT + text.length * 3);
  scratch.set(ENTRY_PREFIX);
  scratch.set(previous, ENTRY_PREFIX.length);
  const end = TEXT_AT + scratch.write(text, TEXT_AT);
  return sha256(scratch.subarray(0, end));
}

function canonicalEvent(event: AuditDraft): AuditDraft {
  return {
    actor: event.actor,
    detail: sorted(event.detail),
    event: event.event,
    subject: event.subject,
    tenant: event.tenant,
  };
}

function sorted(detail: AuditDraft["detail"]): AuditDraft["detail"] {
  const names = Object.keys(detail);
  if (names.length < 2) return detail;
  const ordered: Record<string, string | number | boolean> = {};
  for (const name of names.toSorted()) ordered[name] = detail[name]!;
  return ordered;
}
