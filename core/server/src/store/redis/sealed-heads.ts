// The heads of all chains at one moment, signed, to be kept where who writes to Redis cannot write. docs/protocol/audit.md
// section 5.
import { fromHex, importPublicKey, toHex, utf8, verifyEs256 } from "@countersign/protocol";
import type { ChainHead, ChainHeads } from "../../audit/chain-heads.ts";
import { SHARDS, type Shard } from "../entity.ts";

/** Whose heads they are, and who vouches for them. */
export interface Sealer {
  readonly serverId: string;
  readonly publicKey: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** A file that is no seal, or one of somebody else. */
export class SealError extends Error {
  override readonly name = "SealError";
}

interface SealJson {
  readonly at: number;
  /** shard, epoch, seq, hash in hexadecimal, of every chain that has entries. */
  readonly heads: readonly (readonly [Shard, number, number, string])[];
  readonly root: string;
  readonly serverId: string;
  readonly v: 1;
}

const PREFIX = "countersign/audit-seal/v1\0";

/** One line of JSON: the seal, and an ES256 signature over the prefix and the seal's text. */
export function sealHeads(heads: ChainHeads, at: number, { serverId, sign }: Sealer): string {
  const json: SealJson = { at, heads: listOf(heads), root: toHex(heads.root()), serverId, v: 1 };
  const seal = JSON.stringify(json);
  return `${JSON.stringify({ seal, signature: toHex(sign(utf8(PREFIX + seal))) })}\n`;
}

/** Reads a seal of this installation; throws SealError. */
export function openSeal(text: string, { serverId, publicKey }: Omit<Sealer, "sign">): ReadonlyMap<Shard, ChainHead> {
  let seal: string;
  let json: SealJson;
  try {
    const outer = JSON.parse(text) as { seal: string; signature: string };
    ({ seal } = outer);
    if (!verifyEs256(importPublicKey(publicKey), utf8(PREFIX + seal), fromHex(outer.signature)))
      throw new Error("signature");
    json = JSON.parse(seal) as SealJson;
  } catch {
    throw new SealError("it is no seal of this installation: its signature is not one of the core's key");
  }
  if (json.v !== 1 || json.serverId !== serverId) throw new SealError("it is the seal of another installation");
  return new Map(json.heads.map(([shard, epoch, seq, hash]) => [shard, { epoch, seq, hash: fromHex(hash) }]));
}

function listOf(heads: ChainHeads): SealJson["heads"] {
  return Array.from({ length: SHARDS }, (_, shard) => ({ shard, ...heads.get(shard) }))
    .filter(({ seq }) => seq > 0)
    .map(({ shard, epoch, seq, hash }) => [shard, epoch, seq, toHex(hash)] as const);
}
