// The last entry of every shard's chain, and the Merkle root over them. docs/protocol/audit.md section 4.
import { utf8 } from "../bytes.ts";
import { sha256 } from "#platform";
import { AUDIT_GENESIS } from "./audit-entry.ts";

/** Chains of one installation, fixed for ever. */
export const AUDIT_SHARDS = 1024;

/** Where a chain stands: seq 0 and the genesis hash while it has no entry. */
export interface ChainHead {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** Heads are kept, stored and hashed in 32 nodes of 32 shards, so that a commit rehashes one node and the root. */
export const HEAD_NODES = 32;
/** Shards of one node. */
export const HEADS_PER_NODE: number = AUDIT_SHARDS / HEAD_NODES;

// One head: epoch u32be | seq u64be | hash 32 bytes
const HEAD_BYTES = 44;
const NODE_BYTES: number = HEADS_PER_NODE * HEAD_BYTES;

const NODE_PREFIX = utf8("countersign/audit-node/v1\0");
const ROOT_PREFIX = utf8("countersign/audit-root/v1\0");

/** The node that a shard's head is part of. */
export function headNodeOf(shard: number): number {
  return Math.floor(shard / HEADS_PER_NODE);
}

/** All heads of one store, changed head by head. */
export class ChainHeads {
  readonly #bytes = new Uint8Array(HEAD_NODES * NODE_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #nodeHashes = new Uint8Array(HEAD_NODES * 32);
  readonly #stale = new Set<number>(Array.from({ length: HEAD_NODES }, (_, node) => node));

  get(shard: number): ChainHead {
    const at = shard * HEAD_BYTES;
    const seq = Number(this.#view.getBigUint64(at + 4));
    return {
      epoch: this.#view.getUint32(at),
      seq,
      hash: seq === 0 ? AUDIT_GENESIS : this.#bytes.slice(at + 12, at + HEAD_BYTES),
    };
  }

  set(shard: number, head: ChainHead): void {
    const at = shard * HEAD_BYTES;
    this.#view.setUint32(at, head.epoch);
    this.#view.setBigUint64(at + 4, BigInt(head.seq));
    this.#bytes.set(head.hash, at + 12);
    this.#stale.add(headNodeOf(shard));
  }

  /** A node as it is stored: 32 heads in order of their shards. */
  node(node: number): Uint8Array {
    return this.#bytes.subarray(node * NODE_BYTES, (node + 1) * NODE_BYTES);
  }

  /** Takes a stored node; false when there is no such node of such a length. */
  setNode(node: number, bytes: unknown): boolean {
    if (!Number.isInteger(node) || node < 0 || node >= HEAD_NODES) return false;
    if (!(bytes instanceof Uint8Array) || bytes.length !== NODE_BYTES) return false;
    this.#bytes.set(bytes, node * NODE_BYTES);
    this.#stale.add(node);
    return true;
  }

  /** SHA-256(prefix ‖ 32 node hashes), a node hash being SHA-256(prefix ‖ u8 node ‖ its heads). */
  root(): Uint8Array {
    for (const node of this.#stale) {
      this.#nodeHashes.set(sha256(NODE_PREFIX, Uint8Array.of(node), this.node(node)), node * 32);
    }
    this.#stale.clear();
    return sha256(ROOT_PREFIX, this.#nodeHashes);
  }
}
