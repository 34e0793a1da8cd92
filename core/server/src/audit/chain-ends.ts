// Where every chain stands, going on from where it was known to stand. docs/protocol/audit.md section 5.
import { setImmediate } from "node:timers/promises";
import { equalBytes, type ChainHead } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { SHARDS, type Shard } from "../store/entity.ts";
import type { AuditEntry, Store } from "../store/store.ts";

/** A chain that does not lead through an entry that was signed: its end was lost, or the store was set back. */
export interface Contradiction {
  readonly shard: Shard;
  readonly signed: ChainHead;
}

export interface ChainEnds {
  /** Of chains that have entries. */
  readonly heads: ReadonlyMap<Shard, ChainHead>;
  readonly contradictions: readonly Contradiction[];
}

const PAGE = 200;
/** Shards that are asked for side by side, where each takes a way over the network. */
const AT_ONCE = 16;
/** Shards after which others have their turn, where none of them waits for anything. */
const YIELD_AFTER = 32;

/**
 * The ends of all chains. Each entry that came since is read and leads there by its hash, and what the store answers stays
 * so: no failover takes back what is signed then.
 */
export async function readChainEnds(
  { store, soleCore }: Pick<CoreGiven, "store" | "soleCore">,
  known: ReadonlyMap<Shard, ChainHead>,
): Promise<ChainEnds> {
  const heads = new Map<Shard, ChainHead>();
  const contradictions: Contradiction[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < SHARDS) {
      const shard = next++;
      const signed = known.get(shard);
      let end = await endAfter(store, shard, signed);
      if (end === "contradicts" && signed !== undefined) {
        contradictions.push({ shard, signed });
        end = await endAfter(store, shard, undefined);
      }
      if (typeof end === "object") heads.set(shard, end);
      if (shard % YIELD_AFTER === 0) await setImmediate();
    }
  };
  await Promise.all(Array.from({ length: soleCore === false ? AT_ONCE : 1 }, worker));
  const byShard = new Map([...heads].toSorted(([one], [other]) => one - other));
  return { heads: byShard, contradictions: contradictions.toSorted((one, other) => one.shard - other.shard) };
}

async function endAfter(
  store: Store,
  shard: Shard,
  known: ChainHead | undefined,
): Promise<ChainHead | "contradicts" | undefined> {
  let end: ChainHead | undefined;
  for (let seq = known?.seq ?? 1; ;) {
    const entries: readonly AuditEntry[] = await store.audit(shard, seq, PAGE);
    if (known !== undefined && end === undefined) {
      const [first] = entries;
      if (first?.seq !== known.seq || !equalBytes(first.hash, known.hash)) return "contradicts";
    }
    const last = entries.at(-1);
    if (last === undefined) return end;
    end = { epoch: last.epoch, seq: last.seq, hash: last.hash };
    if (entries.length < PAGE) return end;
    seq = last.seq + 1;
  }
}
