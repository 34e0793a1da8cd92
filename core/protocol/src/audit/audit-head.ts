// The heads of all chains, signed by the core, for whoever keeps them elsewhere. docs/protocol/audit.md section 5.
import { fromHex, toHex, utf8 } from "../bytes.ts";
import { importPublicKey } from "../cose-key.ts";
import { sha256, verifyEs256 } from "#platform";
import { quote } from "./json-text.ts";
import { AUDIT_SHARDS, ChainHeads, type ChainHead } from "./chain-heads.ts";

/** Media type of a line: a signed head. */
export const AUDIT_HEAD_TYPE = "application/countersign-audit-head+json";

/** What a head says. */
export interface AuditHead {
  /** Milliseconds since 1970 by the store's clock. */
  readonly at: number;
  /** From 1, without gaps; 0: made by `verify-audit --seal`, outside the count. */
  readonly number: number;
  /** SHA-256 of the text of the head before it; 32 zero bytes for the first. */
  readonly previous: Uint8Array;
  /** Where every chain stood that had entries. */
  readonly heads: ReadonlyMap<number, ChainHead>;
}

/** A head whose signature holds. */
export interface OpenedHead extends AuditHead {
  readonly root: Uint8Array;
  /** SHA-256 of its text: what the next one names as its previous. */
  readonly hash: Uint8Array;
}

/** Whose heads are believed: pinned at set-up. */
export interface PinnedSealer {
  /** 32 hexadecimal digits. */
  readonly serverId: string;
  /** COSE_Key bytes of the core's keys, current and former. */
  readonly publicKeys: readonly Uint8Array[];
}

/** Why a line is no head of this installation. */
export type HeadFault = "form" | "signature" | "installation" | "root";

const PREFIX = "countersign/audit-seal/v1\0";
const NO_HASH = new Uint8Array(32);

/** One line without its end. `sign` makes raw r‖s of ES256. Throws RangeError for a shard or number that there is not. */
export function signAuditHead(head: AuditHead, serverId: string, sign: (bytes: Uint8Array) => Uint8Array): string {
  const text = textOf(head, serverId, toHex(rootOf(head.heads)));
  return lineOf(text, toHex(sign(utf8(PREFIX + text))));
}

/** SHA-256 of a head's text, out of a line that signAuditHead made. */
export function hashOfAuditHead(line: string): Uint8Array {
  return sha256(utf8((JSON.parse(line) as { readonly seal: string }).seal));
}

/** Reads a line, with or without its end, that anybody may have written. */
export function openAuditHead(line: string, pinned: PinnedSealer): OpenedHead | HeadFault {
  const read = readLine(line.endsWith("\n") ? line.slice(0, -1) : line);
  if (read === undefined) return "form";
  const { text, signature } = read;
  const signed = utf8(PREFIX + text);
  if (!pinned.publicKeys.some((key) => verifyEs256(importPublicKey(key), signed, signature))) return "signature";
  const json = readText(text);
  if (json === undefined) return "form";
  if (json.serverId !== pinned.serverId) return "installation";
  const root = rootOf(json.head.heads);
  if (toHex(root) !== json.root) return "root";
  return { ...json.head, root, hash: sha256(utf8(text)) };
}

/** What is wrong with a line, for a person. */
export function describeHeadFault(fault: HeadFault): string {
  switch (fault) {
    case "form":
      return "it is not a signed head";
    case "signature":
      return "its signature is not one of the core's key";
    case "installation":
      return "it is the head of another installation";
    case "root":
      return "its root is not that of its heads";
  }
}

function lineOf(text: string, signature: string): string {
  return `{"seal":${quote(text)},"signature":"${signature}"}`;
}

// {"at","heads":[[shard,epoch,seq,hash]...],("number","previous",)"root","serverId","v"}; v 1 has no number.
function textOf({ at, number, previous, heads }: AuditHead, serverId: string, root: string): string {
  const list = [...heads].toSorted(([one], [other]) => one - other);
  const headsText = list.map(([shard, { epoch, seq, hash }]) => `[${shard},${epoch},${seq},"${toHex(hash)}"]`);
  const place = number === 0 ? "" : `"number":${number},"previous":"${toHex(previous)}",`;
  const version = number === 0 ? 1 : 2;
  return `{"at":${at},"heads":[${headsText.join()}],${place}"root":"${root}","serverId":${quote(serverId)},"v":${version}}`;
}

function rootOf(heads: ReadonlyMap<number, ChainHead>): Uint8Array {
  const all = new ChainHeads();
  for (const [shard, head] of heads) all.set(shard, head);
  return all.root();
}

function readLine(line: string): { readonly text: string; readonly signature: Uint8Array } | undefined {
  try {
    const { seal, signature } = JSON.parse(line) as { readonly seal: unknown; readonly signature: unknown };
    if (typeof seal !== "string" || typeof signature !== "string" || lineOf(seal, signature) !== line) return undefined;
    return { text: seal, signature: fromHex(signature) };
  } catch {
    return undefined;
  }
}

interface HeadJson {
  readonly at: number;
  readonly heads: readonly (readonly [number, number, number, string])[];
  readonly number?: number;
  readonly previous?: string;
  readonly root: string;
  readonly serverId: string;
}

// What the core's key signed can only be of another form if another version made it.
function readText(text: string) {
  try {
    const { at, heads, number = 0, previous, root, serverId } = JSON.parse(text) as HeadJson;
    const map = new Map(heads.map(([shard, epoch, seq, hash]) => [shard, { epoch, seq, hash: fromHex(hash) }]));
    const head: AuditHead = { at, number, previous: previous === undefined ? NO_HASH : fromHex(previous), heads: map };
    const isPlaced = (number === 0) === (previous === undefined) && head.previous.length === 32;
    if (!isPlaced || ![at, number].every(isCount) || ![...map].every(isHead)) return undefined;
    return textOf(head, serverId, root) === text ? { head, root, serverId } : undefined;
  } catch {
    return undefined;
  }
}

function isHead([shard, { epoch, seq, hash }]: readonly [number, ChainHead]): boolean {
  return isCount(shard) && shard < AUDIT_SHARDS && isCount(epoch) && isCount(seq) && seq > 0 && hash.length === 32;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
