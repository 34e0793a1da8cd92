import { setImmediate as nextTurn } from "node:timers/promises";
import { equalBytes } from "@countersign/protocol";
import { decodeEntry, hashEntry } from "../audit/audit-entry.ts";
import { ChainMarks, MARK_EVERY } from "./chain-marks.ts";
import { brokenChain, readChain, type ChainEnd } from "./chain-reader.ts";
import type { EntityKey, EntityType, Shard, UnixMs } from "./entity.ts";
import type { Statements } from "./sqlite-schema.ts";
import type { StoredHead, StoreTruth } from "./store-truth.ts";
import type { AuditEntry, Found, Page } from "./store.ts";

/** Whatever finds keys without loading entities. Index columns are only hints until `load` has checked the row. */
export class SqliteQueries {
  readonly #sql: Statements;
  readonly #truth: StoreTruth;
  readonly #marks = new ChainMarks();
  /** Those that were used last come last. */
  readonly #trails: Trail[] = [];

  constructor(sql: Statements, truth: StoreTruth) {
    this.#sql = sql;
    this.#truth = truth;
  }

  list<T extends EntityType>(shard: Shard, type: T, owner: string, { tenant, before, limit }: Page): EntityKey<T>[] {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    const rows = this.#sql.list.all(shard, owner, below, type, tenant, limit);
    const ids = rows.map((row) => row["id"] as string);
    const last = rows.at(-1)?.["sort"];
    if (rows.length === limit && typeof last === "number") {
      const ties = this.#sql.listTies.all(shard, owner, last, type, tenant).map((row) => row["id"] as string);
      ids.push(...ties.filter((id) => !ids.includes(id)));
    }
    return ids.map((id) => ({ type, tenant, id }));
  }

  due(until: UnixMs, limit: number): Found[] {
    return this.#sql.due.all(until, limit).map(foundOf);
  }

  nextDue(): UnixMs | undefined {
    return (this.#sql.nextDue.get()?.["due"] as number | null | undefined) ?? undefined;
  }

  lane(lane: string, limit: number): Found[] {
    return this.#sql.lane.all(lane, limit).map(foundOf);
  }

  // Newest first: it is asked for what was just in doubt.
  outcome(shard: Shard, changeId: string): "committed" | "absent" {
    const { links } = readChain(this.#sql, shard, this.#truth.of(shard).head, 0);
    const found = links.findLast(({ text }) => decodeEntry(text).changeId === changeId);
    return found === undefined ? "absent" : "committed";
  }

  /** Every entry handed out leads to the head by its hash. `refuse` throws once the database is closed. */
  async audit(shard: Shard, fromSeq: number, limit: number, refuse: () => void): Promise<AuditEntry[]> {
    const { head } = this.#truth.of(shard);
    const first = Math.max(1, fromSeq);
    const last = Math.min(head.seq, first + limit - 1);
    const entries: AuditEntry[] = [];
    if (last < first) return entries;
    const { links, from } = await this.#trailOf(shard, head, { first, last, refuse });
    for (let seq = first; seq <= last; seq++) {
      const { number, previous, hash } = links[seq - from - 1]!;
      const text = String(this.#sql.selectAudit.get(number)?.["entry"]);
      if (!equalBytes(hashEntry(previous, text), hash)) throw brokenChain(shard, seq, "it was altered");
      entries.push({ ...decodeEntry(text), previous, hash });
    }
    return entries;
  }

  // A chain is only found backwards. Whoever reads it forwards page by page has the way walked once; so has who reads entry by
  // entry backwards, since from the second one on all that lies between two marks is read.
  async #trailOf(shard: Shard, head: StoredHead, { first, last, refuse }: Wanted): Promise<Trail> {
    const ofShard = this.#trails.filter((trail) => trail.shard === shard);
    const known = ofShard.find(({ from, links }) => from < first && from + links.length >= last);
    if (known !== undefined) return this.#keep(known);
    const block = blockOf(first);
    const goesBack = ofShard.some(({ from }) => from >= first && blockOf(from + 1) === block);
    const from = goesBack ? block * MARK_EVERY : first - 1;
    const until = goesBack ? Math.min((blockOf(last) + 1) * MARK_EVERY, head.seq) : last;
    const end = await this.#endBehind(shard, head, until, refuse);
    const part = readChain(this.#sql, shard, end, from);
    const links = part.links.map(({ number, hash }, i) => ({
      number,
      hash,
      previous: part.links[i - 1]?.hash ?? part.previous,
    }));
    for (const [i, { number, hash }] of links.entries()) this.#marks.note(shard, { seq: from + 1 + i, number, hash });
    const trail = { shard, from, links };
    return links.length > LONGEST_TRAIL ? trail : this.#keep(trail);
  }

  #keep(trail: Trail): Trail {
    const known = this.#trails.indexOf(trail);
    if (known !== -1) this.#trails.splice(known, 1);
    else if (this.#trails.length >= MOST_TRAILS) this.#trails.shift();
    this.#trails.push(trail);
    return trail;
  }

  // Steps back from what is believed, leaving marks, and lets others have their turn on a long way.
  async #endBehind(shard: Shard, head: StoredHead, last: number, refuse: () => void): Promise<ChainEnd> {
    let end = this.#marks.behind(shard, last, head);
    for (let steps = 1; ; steps++) {
      const seq = end.seq - 1 - ((end.seq - 1) % MARK_EVERY);
      if (seq < last) return end;
      const { previous: hash, number } = readChain(this.#sql, shard, end, seq);
      end = { seq, number, hash };
      this.#marks.note(shard, end);
      if (steps % STEPS_A_TURN !== 0) continue;
      await nextTurn();
      refuse();
    }
  }
}

/** An entry takes some 300 bytes. Longer ones nobody reads on in. */
const [MOST_TRAILS, LONGEST_TRAIL] = [16, 512];

/** Entries from behind a mark on up to the next one. */
function blockOf(seq: number): number {
  return Math.floor((seq - 1) / MARK_EVERY);
}

/** Of MARK_EVERY entries each: about two milliseconds. */
const STEPS_A_TURN = 4;

/** Entries that are asked for. */
interface Wanted {
  readonly first: number;
  readonly last: number;
  readonly refuse: () => void;
}

/** Where the entries after `from` lie, and their verified hashes. */
interface Trail {
  readonly shard: Shard;
  readonly from: number;
  readonly links: readonly { readonly number: number; readonly previous: Uint8Array; readonly hash: Uint8Array }[];
}

function foundOf(row: Readonly<Record<string, unknown>>): Found {
  const key: EntityKey = { type: row["type"] as EntityType, tenant: row["tenant"] as string, id: row["id"] as string };
  return { shard: row["shard"] as Shard, key };
}
