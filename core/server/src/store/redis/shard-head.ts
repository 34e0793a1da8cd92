// Where a shard's chain stands, as it lies in Redis. docs/protocol/store.md section 8.
import { equalBytes, fromHex, hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import { GENESIS } from "../../audit/audit-entry.ts";
import type { Shard } from "../entity.ts";
import { IntegrityError } from "../store.ts";

export interface ShardHead {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Uint8Array;
  /** The master_replid under which the epoch began. */
  readonly replid: string;
  /** All of it as it is stored, with its MAC; "" while the shard has no entry. */
  readonly text: string;
}

/** Of a shard without entries. */
export const NO_HEAD: ShardHead = { epoch: 1, seq: 0, hash: GENESIS, replid: "", text: "" };

// epoch | seq | hash | replid | MAC, separated by spaces
const FORM = /^([1-9]\d{0,8}) ([1-9]\d{0,9}) ([0-9a-f]{64}) ([0-9a-f]{40}) ([0-9a-f]{64})$/;

export function encodeHead(key: MacKey, shard: Shard, head: Omit<ShardHead, "text">): ShardHead {
  const { epoch, seq, hash, replid } = head;
  const plain = `${epoch} ${seq} ${toHex(hash)} ${replid}`;
  return { ...head, text: `${plain} ${toHex(macOf(key, shard, plain))}` };
}

/** Reads a stored head; throws IntegrityError unless this installation wrote it for this shard. */
export function decodeHead(key: MacKey, shard: Shard, text: string): ShardHead {
  if (text === "") return NO_HEAD;
  const [, epoch, seq, hash, replid, mac] = FORM.exec(text) ?? [];
  if (epoch === undefined || seq === undefined || hash === undefined || replid === undefined || mac === undefined) {
    throw badHead(shard);
  }
  const plain = text.slice(0, text.lastIndexOf(" "));
  if (!equalBytes(macOf(key, shard, plain), fromHex(mac))) throw badHead(shard);
  return { epoch: Number(epoch), seq: Number(seq), hash: fromHex(hash), replid, text };
}

function macOf(key: MacKey, shard: Shard, plain: string): Uint8Array {
  return hmacSha256(key, utf8(`countersign/shard-head/v1\0${shard} ${plain}`));
}

function badHead(shard: Shard): IntegrityError {
  return new IntegrityError(`audit chain of shard ${shard}: its stored head was not written by this installation`);
}
