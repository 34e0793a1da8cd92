// An entity as one Redis string. docs/protocol/store.md section 8.
import { equalBytes } from "@countersign/protocol";
import { base64url } from "../body-codec.ts";
import type { VerifiedEntity } from "../entity-cache.ts";
import type { EntityMac } from "../entity-mac.ts";
import type { EntityKey, Shard } from "../entity.ts";
import { IntegrityError, type Index } from "../store.ts";
import type { Place } from "../witness-table.ts";

/** Names one write for ever: a sequence number comes back in another epoch when a failover forgot it. */
export interface Stamp {
  readonly epoch: number;
  readonly seq: number;
}

/** What the MAC takes as the version; exact as long as there are fewer than 2^21 epochs. */
export function numberOf({ epoch, seq }: Stamp): number {
  return epoch * 2 ** 32 + seq;
}

export function stampText({ epoch, seq }: Stamp): string {
  return seq === 0 ? "" : `${epoch}.${seq}`;
}

// epoch.seq | index as JSON [owner, sort, due, lane] | MAC in base64url | body text, one line each; a body has no raw newline
export function encodeRow(stamp: Stamp, index: Index, mac: Uint8Array, body: string): string {
  const { owner = null, sort = null, due = null, lane = null } = index;
  return `${stampText(stamp)}\n${JSON.stringify([owner, sort, due, lane])}\n${base64url(mac)}\n${body}`;
}

/** Reads the row of an entity that the chain names last at `stamp`; IntegrityError for anything else. */
export function decodeRow(
  mac: EntityMac,
  shard: Shard,
  { key, place, stamp, row }: { key: EntityKey; place: Place; stamp: Stamp; row: string },
): VerifiedEntity {
  if (row === "") throw tampered(key, `its row is gone; the audit chain has it at ${stampText(stamp)}`);
  const [version = "", indexText = "", macText = "", body = ""] = row.split("\n", 4);
  if (version !== stampText(stamp)) {
    throw tampered(key, `its row is at ${version.slice(0, 20)}, the audit chain has it at ${stampText(stamp)}`);
  }
  const index = decodeIndex(indexText);
  const held = new Uint8Array(Buffer.from(macText, "base64url"));
  if (index === undefined || !equalBytes(mac.of(shard, key, numberOf(stamp), index, body), held)) {
    throw tampered(key, "its MAC does not fit its row");
  }
  return { place, version: numberOf(stamp), body, bytes: body.length, index };
}

/** Whatever is wrong in it, the MAC does not fit then. */
function decodeIndex(text: string): Index | undefined {
  let members: unknown;
  try {
    members = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(members)) return undefined;
  const [owner, sort, due, lane] = members as unknown[];
  const index: { owner?: string; sort?: number; due?: number; lane?: string } = {};
  if (typeof owner === "string") index.owner = owner;
  if (typeof sort === "number") index.sort = sort;
  if (typeof due === "number") index.due = due;
  if (typeof lane === "string") index.lane = lane;
  return index;
}

export function tampered(key: EntityKey, why: string): IntegrityError {
  return new IntegrityError(`${key.type} ${key.id}: ${why}; restore a backup`);
}
