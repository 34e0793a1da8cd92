// The MAC that every stored entity carries. docs/protocol/store.md section 3.
import { hmacSha256, type MacKey } from "@countersign/protocol";
import type { EntityKey, Shard } from "./entity.ts";
import type { Index } from "./store.ts";

const PREFIX = "countersign/entity/v1\0";

/**
 * HMAC-SHA-256 under K_store over
 *   prefix ‖ JSON array [shard, type, tenant, id, version, owner, sort, due, lane] ‖ "\n" ‖ body text
 * with null for an index attribute that is not set. JSON writes no raw newline, so the parts cannot run into each other.
 */
export function macOfEntity(
  key: MacKey,
  shard: Shard,
  entity: EntityKey,
  version: number,
  index: Index,
  text: string,
): Uint8Array {
  const { owner = null, sort = null, due = null, lane = null } = index;
  const head = JSON.stringify([shard, entity.type, entity.tenant, entity.id, version, owner, sort, due, lane]);
  return hmacSha256(key, Buffer.from(`${PREFIX}${head}\n${text}`));
}
