// What has happened that an endpoint is told: read out of the chains, from where it was read to before.
import { setImmediate as nextTurn } from "node:timers/promises";
import { firstSince } from "../admin/tail-audit.ts";
import type { CoreGiven } from "../given.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { SHARDS, type Shard } from "../store/entity.ts";
import { eventsOfEntry, isWanted, type WebhookEvent } from "./event.ts";
import { CLOCKS_MS } from "./still.ts";
import type { Webhook, WebhookProgress } from "./webhook.ts";

/** Events that one commit queues. */
export const MOST_NEWS = 64;
const PAGE = 100;

/** What a round of reading found. */
export interface News {
  readonly events: readonly WebhookEvent[];
  /** Where each chain that was read goes on. */
  readonly cursors: ReadonlyMap<Shard, number>;
  /** Chains that were not read to their end. */
  readonly left: ReadonlySet<Shard>;
  /** Entries that were looked at. */
  readonly looked: number;
}

/** Where one endpoint's reading stands on this core; what is stored of it may be behind, and is never ahead of what is queued. */
export class Reading {
  readonly #given: CoreGiven;
  readonly #cursors = new Map<Shard, number>();
  readonly #dirty = new Set<Shard>(Array.from({ length: SHARDS }, (_, shard) => shard));
  #unsaved = 0;

  constructor(given: CoreGiven) {
    this.#given = given;
  }

  /** Something was written there. */
  mark(shard: Shard): void {
    this.#dirty.add(shard);
  }

  markAll(): void {
    for (let shard = 0; shard < SHARDS; shard += 1) this.#dirty.add(shard);
  }

  /** Entries that were read and that nothing stored says yet. */
  get unsaved(): number {
    return this.#unsaved;
  }

  /** Where the chains go on, as it is to be stored once these are queued. */
  cursorsWith({ cursors }: Pick<News, "cursors">): WebhookProgress["cursors"] {
    return [...new Map([...this.#cursors, ...cursors])];
  }

  /** What another core has queued meanwhile is read no more. */
  adopt({ cursors }: Pick<WebhookProgress, "cursors">): void {
    for (const [shard, seq] of cursors) this.#cursors.set(shard, Math.max(seq, this.#cursors.get(shard) ?? 0));
  }

  /** Reads what is marked, up to a number of events. Nothing moves before `take`. */
  async read(webhook: Webhook, signal: AbortSignal): Promise<News> {
    const events: WebhookEvent[] = [];
    const cursors = new Map<Shard, number>();
    let looked = 0;
    const left = new Set(this.#dirty);
    this.#dirty.clear(); // what is written from now on marks its chain again
    try {
      for (const shard of left) {
        const read = await this.#readShard(webhook, shard, { events, cursors });
        looked += read.looked;
        if (read.isEnd) left.delete(shard);
        if (events.length >= MOST_NEWS || signal.aborted) break;
        await nextTurn();
      }
    } catch (error) {
      for (const shard of [...left, ...cursors.keys()]) this.#dirty.add(shard);
      throw error;
    }
    return { events, cursors, left, looked };
  }

  /** What was read is queued, or was nothing. */
  take({ cursors, left, looked }: News, isStored: boolean): void {
    for (const [shard, seq] of cursors) this.#cursors.set(shard, Math.max(seq, this.#cursors.get(shard) ?? 0));
    this.#unsaved = isStored ? 0 : this.#unsaved + looked;
    for (const shard of left) this.#dirty.add(shard);
  }

  /** It could not be queued: all of it is read again. */
  drop({ cursors, left }: News): void {
    for (const shard of [...left, ...cursors.keys()]) this.#dirty.add(shard);
  }

  async #readShard(
    webhook: Webhook,
    shard: Shard,
    { events, cursors }: { events: WebhookEvent[]; cursors: Map<Shard, number> },
  ): Promise<{ readonly isEnd: boolean; readonly looked: number }> {
    const { store } = this.#given;
    let looked = 0;
    const known = this.#cursors.get(shard);
    let seq = known ?? (await this.#first(webhook, shard));
    for (;;) {
      const entries = await store.audit(shard, seq, PAGE);
      for (const entry of entries) {
        // Behind a place that was read after it was made everything came later, whatever the clock says by now.
        const isBefore = known === undefined && entry.at < webhook.createdAt;
        if (!isBefore) events.push(...eventsOfEntry(entry).filter((event) => isWanted(webhook, event)));
        seq = entry.seq + 1;
        looked += 1;
        cursors.set(shard, seq);
        if (events.length >= MOST_NEWS) return { isEnd: false, looked };
      }
      if (entries.length < PAGE) {
        cursors.set(shard, seq);
        return { isEnd: true, looked };
      }
    }
  }

  #first({ createdAt }: Webhook, shard: Shard): Promise<number> {
    const about = readModelOf(this.#given).reached(shard);
    return firstSince(this.#given.store, shard, createdAt - CLOCKS_MS, about);
  }
}
