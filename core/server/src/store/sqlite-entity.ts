import { equalBytes } from "@countersign/protocol";
import type { VerifiedEntity } from "./entity-cache.ts";
import type { EntityKey, Shard } from "./entity.ts";
import type { EntityMac } from "./entity-mac.ts";
import type { Statements } from "./sqlite-schema.ts";
import type { ShardTruth } from "./store-truth.ts";
import { IntegrityError, type Index } from "./store.ts";
import type { Place } from "./witness-table.ts";

/**
 * One entity from its row, believed only at the version that the audit chain names last and with a MAC that fits; else
 * IntegrityError. A row that the chain does not know is no entity: what was deleted stays deleted.
 */
export function readEntity(
  given: { readonly sql: Statements; readonly mac: EntityMac },
  shard: ShardTruth,
  key: EntityKey,
  place: Place,
): VerifiedEntity | undefined {
  const { version, row: number } = shard.witness.find(place);
  if (version === 0) return undefined;
  const row = given.sql.selectEntity.get(number);
  if (row === undefined || !isRowOf(row, shard.shard, key)) {
    throw tampered(key, `its row is gone; the audit chain has it at version ${version}`);
  }
  if (row["version"] !== version) {
    throw tampered(key, `its row is at version ${String(row["version"])}, the audit chain has it at ${version}`);
  }
  const index = indexOf(row);
  const text = row["body"] as string;
  const mac = given.mac.of(shard.shard, key, version, index, text);
  if (!equalBytes(mac, row["mac"] as Uint8Array)) throw tampered(key, "its MAC does not fit its row");
  return { place, version, body: text, bytes: text.length, index };
}

/** Index attributes of a row: NULL is "not set". */
export function indexOf(row: Readonly<Record<string, unknown>>): Index {
  const index: { owner?: string; sort?: number; due?: number; lane?: string } = {};
  if (row["owner"] !== null) index.owner = row["owner"] as string;
  if (row["sort"] !== null) index.sort = row["sort"] as number;
  if (row["due"] !== null) index.due = row["due"] as number;
  if (row["lane"] !== null) index.lane = row["lane"] as string;
  return index;
}

function isRowOf(row: Readonly<Record<string, unknown>>, shard: Shard, key: EntityKey): boolean {
  return row["shard"] === shard && row["type"] === key.type && row["tenant"] === key.tenant && row["id"] === key.id;
}

function tampered(key: EntityKey, why: string): IntegrityError {
  return new IntegrityError(`${key.type} ${key.id}: ${why}; run verify-audit, then restore a backup`);
}
