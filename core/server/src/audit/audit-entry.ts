// One entry of a shard's audit chain as bytes. docs/protocol/audit.md section 2.
import { sha256, utf8 } from "@countersign/protocol";
import { quote } from "../store/body-codec.ts";
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

/**
 * Canonical text of an entry: RFC 8785 JSON (members sorted, no white space), so every reader makes the same bytes. Put
 * together by hand, as every commit has one.
 */
export function encodeEntry({ at, changeId, epoch, events, seq, shard, versions }: EntryContent): string {
  let text = `{"at":${at},"change":${quote(changeId)},"epoch":${epoch},"events":[`;
  for (let i = 0; i < events.length; i++) text += (i === 0 ? "" : ",") + eventText(events[i]!);
  text += `],"seq":${seq},"shard":${shard},"v":1,"writes":[`;
  for (let i = 0; i < versions.length; i++) {
    const [type, tenant, id, version] = versions[i]!;
    text += `${i === 0 ? "" : ","}[${quote(type)},${quote(tenant)},${quote(id)},${quote(version)}]`;
  }
  return `${text}]}`;
}

function eventText({ actor, detail, event, subject, tenant }: AuditDraft): string {
  let members = "";
  for (const name of Object.keys(detail).toSorted()) {
    if (detail[name] === undefined) continue;
    members += `${members === "" ? "" : ","}${quote(name)}:${JSON.stringify(detail[name])}`;
  }
  return `{"actor":${quote(actor)},"detail":{${members}},"event":${quote(event)},"subject":${quote(subject)},"tenant":${quote(tenant)}}`;
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
