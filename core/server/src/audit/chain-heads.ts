// What a store keeps beside the root over its chains. docs/protocol/audit.md section 4.
import {
  ChainHeads,
  HEAD_NODES,
  headNodeOf,
  HEADS_PER_NODE,
  hmacSha256,
  utf8,
  type ChainHead,
  type MacKey,
} from "@countersign/protocol";
import type { Shard } from "../store/entity.ts";

export { ChainHeads, HEADS_PER_NODE, type ChainHead };

/** Heads are kept, stored and hashed in so many nodes. */
export const NODES: number = HEAD_NODES;

/** The node that a shard's head is part of. */
export const nodeOf: (shard: Shard) => number = headNodeOf;

const ROOT_MAC_PREFIX = utf8("countersign/store-root/v1\0");

/** What a store keeps beside its root: HMAC under K_store, with the number of the group that made it. */
export function macOfRoot(key: MacKey, generation: number, root: Uint8Array): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(generation));
  return hmacSha256(key, ROOT_MAC_PREFIX, number, root);
}
