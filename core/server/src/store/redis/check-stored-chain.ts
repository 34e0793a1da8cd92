import { equalBytes, toHex } from "@countersign/protocol";
import { decodeEntry, GENESIS, hashEntry } from "../../audit/audit-entry.ts";
import type { ChainHead } from "../../audit/chain-heads.ts";
import type { AuditFinding } from "../../audit/verify-audit.ts";
import { nameOf } from "../change-set.ts";
import type { EntityKey, Shard } from "../entity.ts";
import type { KeyNames } from "./key-names.ts";
import type { RedisLink } from "./redis-link.ts";
import { LOAD_SCRIPT, PAGE } from "./scripts.ts";
import type { ShardHead } from "./shard-head.ts";
import type { Stamp } from "./stored-row.ts";

/** What a chain says of an entity; seq 0: that it was deleted. */
export interface NamedEntity {
  readonly key: EntityKey;
  readonly stamp: Stamp;
}

/** How far a chain holds. */
export interface ChainCheck {
  readonly entries: number;
  /** Its first fault; nothing after it was looked at. */
  readonly fault: AuditFinding | undefined;
  /** Every entity that it names, by name. */
  readonly stamps: ReadonlyMap<string, NamedEntity>;
}

interface Given {
  readonly link: RedisLink;
  readonly names: KeyNames;
}

const HASH_CHARS = 64;

/** Follows a chain from its first entry to its head, through the head that was sealed before. */
export async function checkStoredChain(
  { link, names }: Given,
  shard: Shard,
  head: ShardHead,
  sealed: ChainHead | undefined,
): Promise<ChainCheck> {
  const list = names.audit(shard);
  const stamps = new Map<string, NamedEntity>();
  let [seq, hash] = [0, GENESIS];
  const ends = (fault: AuditFinding | undefined): ChainCheck => ({ entries: seq, fault, stamps });
  while (seq < head.seq) {
    const last = Math.min(head.seq, seq + PAGE) - 1;
    const lines = (await link.command(list, ["LRANGE", list, String(seq), String(last)])) as string[];
    if (lines.length === 0) return ends({ type: "missing", shard, firstSeq: seq + 1, lastSeq: head.seq });
    for (const line of lines) {
      hash = hashEntry(hash, line.slice(HASH_CHARS + 1));
      const why = faultOf(line, { shard, seq: seq + 1, hash }, sealed) ?? nameAll(line, stamps);
      if (why !== undefined) return ends({ type: "entry", shard, seq: seq + 1, why });
      seq += 1;
    }
  }
  if (!equalBytes(hash, head.hash)) return ends({ type: "entry", shard, seq, why: "it is not the head of its chain" });
  if (sealed !== undefined && sealed.seq > seq) {
    return ends({ type: "missing", shard, firstSeq: seq + 1, lastSeq: sealed.seq });
  }
  return ends(await beyond({ link, names }, shard, head));
}

// Head and list at one moment: what cores appended since has a head of its own.
async function beyond({ link, names }: Given, shard: Shard, head: ShardHead): Promise<AuditFinding | undefined> {
  const args = ["0", "no head, so that all is handed out", String(head.seq)];
  const reply = await link.read({ script: LOAD_SCRIPT, keys: [names.head(shard), names.audit(shard)], args });
  const [, , text, more] = reply as [number, string, string, string[]];
  if (more.length === 0 || text !== head.text) return undefined;
  return { type: "entry", shard, seq: head.seq + 1, why: "it lies beyond the head of its chain" };
}

// The line is attacker-controlled: whatever it holds, the answer is a finding.
function faultOf(
  line: string,
  { shard, seq, hash }: { readonly shard: Shard; readonly seq: number; readonly hash: Uint8Array },
  sealed: ChainHead | undefined,
): string | undefined {
  if (line.slice(0, HASH_CHARS + 1) !== `${toHex(hash)} `) {
    return "its hash does not follow from the entry before it and its content";
  }
  if (sealed?.seq === seq && !equalBytes(sealed.hash, hash)) return "it is not the entry that was sealed here";
  try {
    const entry = decodeEntry(line.slice(HASH_CHARS + 1));
    return entry.shard === shard && entry.seq === seq ? undefined : "it belongs to another place";
  } catch {
    return "it is not in canonical form";
  }
}

function nameAll(line: string, stamps: Map<string, NamedEntity>): undefined {
  const { epoch, versions } = decodeEntry(line.slice(HASH_CHARS + 1));
  for (const [type, tenant, id, version] of versions) {
    const key: EntityKey = { type, tenant, id };
    stamps.set(nameOf(key), { key, stamp: { epoch, seq: Number(version) } });
  }
}
