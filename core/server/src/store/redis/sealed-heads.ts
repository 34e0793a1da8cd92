// The heads of all chains as `verify-audit --seal` signs them, and any signed head as `--sealed` reads it.
// docs/protocol/audit.md section 5.
import { describeHeadFault, openAuditHead, signAuditHead } from "@countersign/protocol";
import { GENESIS } from "../../audit/audit-entry.ts";
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

/** One line of JSON: the seal, and an ES256 signature over the prefix and the seal's text. */
export function sealHeads(heads: ChainHeads, at: number, { serverId, sign }: Sealer): string {
  const all = Array.from({ length: SHARDS }, (_, shard) => [shard, heads.get(shard)] as const);
  const begun = new Map(all.filter(([, { seq }]) => seq > 0));
  return `${signAuditHead({ at, number: 0, previous: GENESIS, heads: begun }, serverId, sign)}\n`;
}

/** Reads a seal, or a head that a core published, of this installation; throws SealError. */
export function openSeal(text: string, { serverId, publicKey }: Omit<Sealer, "sign">): ReadonlyMap<Shard, ChainHead> {
  const head = openAuditHead(text, { serverId, publicKeys: [publicKey] });
  if (typeof head === "string") throw new SealError(describeHeadFault(head));
  return head.heads;
}
