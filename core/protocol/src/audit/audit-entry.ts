// One entry of a shard's audit chain as bytes. docs/protocol/audit.md sections 2 and 3.
import { utf8 } from "../bytes.ts";
import { sha256 } from "#platform";
import { quote } from "./json-text.ts";

/** Goes before every hashed entry, so that a chain hash is never mistaken for another hash of this system. */
const ENTRY_PREFIX = utf8("countersign/audit-entry/v1\0");

/** What the first entry of a chain names as its previous hash. */
export const AUDIT_GENESIS: Uint8Array = new Uint8Array(32);

/** Something that happened, as its entry tells it. */
export interface EntryEvent {
  /** Dotted past tense: "transaction.created". */
  readonly event: string;
  /** "": the installation. */
  readonly tenant: string;
  readonly actor: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** An entry without its place in the chain's hashes. */
export interface EntryContent {
  readonly shard: number;
  readonly epoch: number;
  readonly seq: number;
  /** Milliseconds since 1970 by the store's clock. */
  readonly at: number;
  readonly changeId: string;
  readonly events: readonly EntryEvent[];
  /** Type, tenant, id and new version of each entity that was written; version "": it was deleted. */
  readonly versions: readonly (readonly [string, string, string, string])[];
}

interface EntryJson {
  readonly at: number;
  readonly change: string;
  readonly epoch: number;
  readonly events: readonly EntryEvent[];
  readonly seq: number;
  readonly shard: number;
  readonly v: 1;
  readonly writes: EntryContent["versions"];
}

/**
 * Canonical text of an entry: RFC 8785 JSON (members sorted, no white space), so every reader makes the same bytes. Put
 * together by hand, as every commit has one.
 */
export function encodeAuditEntry({ at, changeId, epoch, events, seq, shard, versions }: EntryContent): string {
  let text = `{"at":${at},"change":${quote(changeId)},"epoch":${epoch},"events":[`;
  for (let i = 0; i < events.length; i++) text += (i === 0 ? "" : ",") + eventText(events[i]!);
  text += `],"seq":${seq},"shard":${shard},"v":1,"writes":[`;
  for (let i = 0; i < versions.length; i++) {
    const [type, tenant, id, version] = versions[i]!;
    text += `${i === 0 ? "" : ","}[${quote(type)},${quote(tenant)},${quote(id)},${quote(version)}]`;
  }
  return `${text}]}`;
}

function eventText({ actor, detail, event, subject, tenant }: EntryEvent): string {
  let members = "";
  for (const name of Object.keys(detail).toSorted()) {
    if (detail[name] === undefined) continue;
    members += `${members === "" ? "" : ","}${quote(name)}:${JSON.stringify(detail[name])}`;
  }
  return `{"actor":${quote(actor)},"detail":{${members}},"event":${quote(event)},"subject":${quote(subject)},"tenant":${quote(tenant)}}`;
}

/** Reads an entry's text; throws SyntaxError or TypeError when it is not the canonical text of an entry. */
export function decodeAuditEntry(text: string): EntryContent {
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
  if (encodeAuditEntry(entry) !== text) throw new TypeError("audit entry is not in its canonical form");
  return entry;
}

const encoder = new TextEncoder();
const TEXT_AT: number = ENTRY_PREFIX.length + 32;

/** One for all entries: joining three arrays takes as long as hashing them, and making a view of one nearly half of that. */
class Scratch {
  readonly bytes: Uint8Array;
  readonly text: Uint8Array;
  constructor(textBytes: number) {
    this.bytes = new Uint8Array(TEXT_AT + textBytes);
    this.bytes.set(ENTRY_PREFIX);
    this.text = this.bytes.subarray(TEXT_AT);
  }
}

let scratch = new Scratch(4096);

/** SHA-256(prefix ‖ previous hash ‖ entry text). */
export function hashAuditEntry(previous: Uint8Array, text: string): Uint8Array {
  if (text.length * 3 > scratch.text.length) scratch = new Scratch(text.length * 3);
  scratch.bytes.set(previous, ENTRY_PREFIX.length);
  const { written } = encoder.encodeInto(text, scratch.text);
  return sha256(scratch.bytes.subarray(0, TEXT_AT + written));
}
