import { equalBytes, fromHex } from "@countersign/protocol";
import { decodeEntry, GENESIS, hashEntry } from "../../audit/audit-entry.ts";
import { brokenChain } from "../chain-reader.ts";
import type { Shard } from "../entity.ts";
import type { AuditEntry } from "../store.ts";
import type { KeyNames } from "./key-names.ts";
import type { RedisLink } from "./redis-link.ts";
import { PAGE } from "./scripts.ts";
import type { ShardHead } from "./shard-head.ts";

const HASH_CHARS = 64;

/** Entries of a chain by pages; each one handed out leads to the head by its hash. */
export class AuditReader {
  readonly #link: RedisLink;
  readonly #names: KeyNames;
  #trail: Trail | undefined;

  constructor(link: RedisLink, names: KeyNames) {
    this.#link = link;
    this.#names = names;
  }

  async read(shard: Shard, head: ShardHead, fromSeq: number, limit: number): Promise<AuditEntry[]> {
    const first = Math.max(1, fromSeq);
    const last = Math.min(head.seq, first + limit - 1);
    if (last < first) return [];
    const trail = await this.#trailOf(shard, head, first);
    const lines = await this.#lines(shard, first, last);
    return lines.map((line, i) => {
      const seq = first + i;
      const previous = trail.hashes[seq - 1 - trail.from]!;
      const hash = trail.hashes[seq - trail.from]!;
      const text = line.slice(HASH_CHARS + 1);
      if (!equalBytes(hashEntry(previous, text), hash)) throw brokenChain(shard, seq, "it was altered");
      return { ...decodeEntry(text), previous, hash };
    });
  }

  // Whoever reads a chain forwards page by page has the way to the head walked once.
  async #trailOf(shard: Shard, head: ShardHead, first: number): Promise<Trail> {
    const known = this.#trail;
    if (known?.shard === shard && known.head === head.text && known.from < first) return known;
    const from = first - 1;
    const [before] = from === 0 ? [] : await this.#lines(shard, from, from);
    const hashes = [before === undefined ? GENESIS : fromHex(before.slice(0, HASH_CHARS))];
    for (let seq = first; seq <= head.seq;) {
      const lines = await this.#lines(shard, seq, Math.min(head.seq, seq + PAGE - 1));
      if (lines.length === 0) throw brokenChain(shard, seq, "it is missing");
      for (const line of lines) hashes.push(hashEntry(hashes.at(-1)!, line.slice(HASH_CHARS + 1)));
      seq += lines.length;
    }
    if (!equalBytes(hashes.at(-1)!, head.hash)) {
      throw brokenChain(shard, head.seq, "the entries before it do not lead to it");
    }
    return (this.#trail = { shard, head: head.text, from, hashes });
  }

  async #lines(shard: Shard, first: number, last: number): Promise<string[]> {
    const list = this.#names.audit(shard);
    return (await this.#link.command(list, ["LRANGE", list, String(first - 1), String(last - 1)])) as string[];
  }
}

/** `hashes[i]` is that of entry `from + i`. */
interface Trail {
  readonly shard: Shard;
  readonly head: string;
  readonly from: number;
  readonly hashes: readonly Uint8Array[];
}
