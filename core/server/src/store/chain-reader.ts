// Reads a shard's chain out of the audit table, backwards from its head, and believes it only if the hashes lead there.
import { equalBytes } from "@countersign/protocol";
import { GENESIS, hashEntry } from "../audit/audit-entry.ts";
import type { Shard } from "./entity.ts";
import type { Statements } from "./sqlite-schema.ts";
import type { StoredHead } from "./store-truth.ts";
import { IntegrityError } from "./store.ts";

/** An entry as it lies in the table. */
export interface ChainLink {
  readonly number: number;
  readonly text: string;
  readonly hash: Uint8Array;
}

/** Part of a chain, in order, and the hash that its first entry continues. */
export interface ChainPart {
  readonly previous: Uint8Array;
  /** Where the entry before its first one lies; worth nothing but as a hint. */
  readonly number: number;
  readonly links: readonly ChainLink[];
}

/** An entry that is believed: the head, or one that was found to lead to it. */
export type ChainEnd = Pick<StoredHead, "seq" | "number" | "hash">;

/** Entries after `fromSeq` up to the head. Throws IntegrityError naming the entry that is missing or altered. */
export function readChain(sql: Statements, shard: Shard, head: ChainEnd, fromSeq: number): ChainPart {
  const links: ChainLink[] = [];
  let number = head.number;
  for (let seq = head.seq; seq > fromSeq; seq--) {
    const row = sql.selectAudit.get(number);
    if (row === undefined) throw brokenChain(shard, seq, "it is missing");
    links.push({ number, text: row["entry"] as string, hash: row["hash"] as Uint8Array });
    number = row["previous"] as number;
  }
  links.reverse();
  const previous = fromSeq === 0 ? GENESIS : hashBefore(sql, shard, head, fromSeq, number);
  checkLinks(shard, head, fromSeq, previous, links);
  return { previous, number, links };
}

/** Only as authentic as the chain that leads on from it: checkLinks follows it to the head. */
function hashBefore(sql: Statements, shard: Shard, head: ChainEnd, seq: number, number: number): Uint8Array {
  if (seq === head.seq) return head.hash;
  const hash = sql.selectAudit.get(number)?.["hash"];
  if (hash === undefined) throw brokenChain(shard, seq, "it is missing");
  return hash as Uint8Array;
}

function checkLinks(
  shard: Shard,
  head: ChainEnd,
  fromSeq: number,
  from: Uint8Array,
  links: readonly ChainLink[],
): void {
  let previous = from;
  for (const [i, { text, hash }] of links.entries()) {
    previous = hashEntry(previous, text);
    if (!equalBytes(previous, hash))
      throw brokenChain(shard, fromSeq + 1 + i, "its hash does not follow from its content");
  }
  if (!equalBytes(previous, head.hash))
    throw brokenChain(shard, head.seq, "its hash is not the one under the store's root");
}

/** An error that names a place in a chain. */
export function brokenChain(shard: Shard, seq: number, why: string): IntegrityError {
  return new IntegrityError(`audit chain of shard ${shard}, entry ${seq}: ${why}; run verify-audit`);
}
