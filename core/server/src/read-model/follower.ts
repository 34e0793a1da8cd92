// Folds the chains into the index in the background, a slice at a time, whenever hints say that they grew.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "../log.ts";
import { SHARDS, type Shard } from "../store/entity.ts";
import { IntegrityError, StoreStoppedError, type Store } from "../store/store.ts";
import { ChainMovedError, gather, type Cursor, type Gathered } from "./gather.ts";
import { openIndex, type IndexFile, type IndexFileOptions } from "./index-file.ts";
import { SliceWriter } from "./write-slice.ts";

export interface FollowerGiven {
  readonly store: Store;
  readonly log: Pick<Log, "info" | "warn">;
  readonly file: IndexFileOptions;
  /** Told how long each slice had the event loop, in milliseconds. */
  readonly onSlice?: ((ms: number, entries: number) => void) | undefined;
}

/** A slice has the event loop for about two milliseconds; then payments have their turn. */
const ENTRIES_A_SLICE = 32;
export const SHARDS_A_SLICE = 32;
/** It rests for so many times as long as a slice took, unless somebody waits for it. */
const REST = 3;
/** Slices that a caller waits for; what takes longer is built while he is answered otherwise. */
const SLICES_WAITED_FOR = 128;
/** Nobody asked for so long: it follows no more, until somebody does. */
const IDLE_MS = 15 * 60_000;
const RETRY_MS = 1000;
/** Files that were thrown away without one that was finished in between. */
const MOST_RESETS = 3;

interface Waiting {
  readonly left: Set<Shard>;
  slices: number;
  readonly resolve: (isThere: boolean) => void;
}

export interface OpenFile extends IndexFile {
  readonly writer: SliceWriter;
}

export class Follower {
  readonly #given: FollowerGiven;
  #file: OpenFile | undefined;
  readonly #cursors = new Map<Shard, Cursor>();
  /** Shards that may have grown. */
  readonly #touched = new Set<Shard>();
  #current: Shard | undefined;
  /** Of the touched ones, that which the last slice ended in: the store knows already how its next entries are found. */
  #unfinished: Shard | undefined;
  /** Shards that were not read to their end since the file was opened. */
  readonly #unread = new Set<Shard>();
  /** Their cursor is an earlier process's. */
  readonly #unchecked = new Set<Shard>();
  readonly #broken = new Set<Shard>();
  readonly #waiting = new Set<Waiting>();
  #state: "new" | "following" | "idle" | "off" = "new";
  #resets = 0;
  #asked = 0;
  #unsubscribe: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(given: FollowerGiven) {
    this.#given = given;
  }

  /** undefined: it is not open. */
  get file(): OpenFile | undefined {
    return this.#file;
  }

  /** Shards that are read, of 1024. */
  get read(): number {
    return this.#state === "new" || this.#state === "off" ? 0 : SHARDS - this.#unread.size;
  }

  reached(shard: Shard): number {
    return this.#cursors.get(shard)?.seq ?? 0;
  }

  /**
   * Resolves when all that was committed before is in the index, or when that takes too long. True: the index has every
   * shard, as it was a moment ago at the worst.
   */
  async settled(): Promise<boolean> {
    this.#asked = performance.now();
    this.#begin();
    // Hints come in the turn after the commit that they are about.
    await nextTurn();
    if (this.#state !== "following") return false;
    const left = new Set([...this.#touched, ...(this.#current === undefined ? [] : [this.#current])]);
    if (left.size === 0) return this.#unread.size === 0;
    const isThere = await new Promise<boolean>((resolve) => {
      this.#waiting.add({ left, slices: SLICES_WAITED_FOR, resolve });
      this.#wake?.();
    });
    return isThere || (this.#state === "following" && this.#unread.size === 0);
  }

  #begin(): void {
    if (this.#state === "following" || this.#state === "off") return;
    if (this.#state === "new" && !this.#open()) return;
    this.#state = "following";
    this.#unsubscribe = this.#given.store.subscribe((shard) => {
      this.#touched.add(shard);
      this.#wake?.();
    });
    for (let shard = 0; shard < SHARDS; shard++) this.#touched.add(shard);
    this.#loop = this.#follow();
  }

  #open(): boolean {
    try {
      const file = openIndex(this.#given.file);
      this.#file = { ...file, writer: new SliceWriter(file) };
      this.#cursors.clear();
      this.#broken.clear();
      for (const row of file.sql.cursors.all()) {
        const cursor = { seq: Number(row["seq"]), hash: row["hash"] as Uint8Array };
        this.#cursors.set(Number(row["shard"]), cursor);
      }
    } catch (error) {
      this.#turnOff(error);
      return false;
    }
    for (const shard of this.#cursors.keys()) this.#unchecked.add(shard);
    for (let shard = 0; shard < SHARDS; shard++) this.#unread.add(shard);
    return true;
  }

  async #follow(): Promise<void> {
    while (this.#state === "following") {
      if (this.#touched.size === 0) {
        if (performance.now() - this.#asked > IDLE_MS) return this.#pause();
        await this.#sleep(undefined);
        continue;
      }
      const began = performance.now();
      try {
        const entries = await this.#slice();
        const took = performance.now() - began;
        this.#given.onSlice?.(took, entries);
        await (this.#waiting.size > 0 ? nextTurn() : this.#sleep(1 + took * REST));
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  async #slice(): Promise<number> {
    const slice: Gathered[] = [];
    let entries = 0;
    for (const shard of this.#shards()) {
      if (slice.length >= SHARDS_A_SLICE || entries >= ENTRIES_A_SLICE) break;
      const gathered = await this.#gather(shard, ENTRIES_A_SLICE - entries);
      slice.push(gathered);
      entries += gathered.entries.length;
    }
    if (this.#state !== "following") return 0;
    if (entries > 0) this.#write(slice);
    for (const { shard, entries: read, more } of slice) {
      const last = read.at(-1);
      if (last !== undefined) this.#cursors.set(shard, { seq: last.seq, hash: last.hash });
      this.#unchecked.delete(shard);
      if (more) this.#touched.add((this.#unfinished = shard));
      else this.#isRead(shard);
    }
    this.#tellWaiting();
    return entries;
  }

  /** Touched ones, also those that are touched meanwhile. */
  *#shards(): Generator<Shard, void> {
    const first = this.#unfinished;
    this.#unfinished = undefined;
    if (first !== undefined && this.#touched.has(first)) yield first;
    yield* this.#touched;
  }

  // Taken out first: a hint that comes while it is read brings it back.
  async #gather(shard: Shard, limit: number): Promise<Gathered> {
    this.#touched.delete(shard);
    this.#current = shard;
    try {
      const isNew = this.#unchecked.has(shard);
      return await gather(this.#given.store, shard, { cursor: this.#cursors.get(shard), isNew, limit });
    } catch (error) {
      if (!(error instanceof IntegrityError)) {
        this.#touched.add(shard);
        throw error;
      }
      if (!this.#broken.has(shard))
        this.#given.log.warn({ shard, error }, "administrators' index: a shard is left out");
      this.#broken.add(shard);
      return { shard, entries: [], entities: [], more: false };
    } finally {
      this.#current = undefined;
    }
  }

  #write(slice: readonly Gathered[]): void {
    try {
      this.#file?.writer.write(slice);
    } catch (cause) {
      throw new IndexError("the index could not be written", { cause });
    }
  }

  #isRead(shard: Shard): void {
    // Written to since it was read: who came after that waits for the next time.
    if (!this.#touched.has(shard)) for (const waiting of this.#waiting) waiting.left.delete(shard);
    if (!this.#unread.delete(shard) || this.#unread.size > 0) return;
    this.#resets = 0;
    this.#given.log.info({ broken: this.#broken.size }, "administrators' index: built");
  }

  #tellWaiting(): void {
    for (const waiting of this.#waiting) {
      waiting.slices -= 1;
      if (waiting.left.size > 0 && waiting.slices > 0) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(waiting.left.size === 0 && this.#unread.size === 0);
    }
  }

  #giveUpWaiting(): void {
    for (const { resolve } of this.#waiting) resolve(false);
    this.#waiting.clear();
  }

  async #recover(error: unknown): Promise<void> {
    this.#giveUpWaiting();
    if (this.#state !== "following") return;
    if (error instanceof StoreStoppedError) return this.#turnOff(error);
    if (error instanceof ChainMovedError || error instanceof IndexError) return this.reset(error);
    await this.#sleep(RETRY_MS);
  }

  /** What is in the file is worth nothing: begins with an empty one. */
  reset(why: Error): void {
    if (this.#state !== "following") return;
    this.#given.log.warn({ error: why }, "administrators' index: built anew");
    this.#giveUpWaiting();
    this.#resets += 1;
    if (this.#resets > MOST_RESETS) return this.#turnOff(why);
    const old = this.#file;
    this.#file = undefined;
    // Not in order: it is never gone on with.
    old?.db.close();
    if (!this.#open()) return;
    for (let shard = 0; shard < SHARDS; shard++) this.#touched.add(shard);
    this.#wake?.();
  }

  #pause(): void {
    this.#unsubscribe?.();
    this.#state = "idle";
  }

  #turnOff(error: unknown): void {
    this.#state = "off";
    this.#unsubscribe?.();
    this.#giveUpWaiting();
    const why = error instanceof Error ? error : new Error(String(error));
    this.#given.log.warn({ error: why }, "administrators' index: off until the next start; lists walk the store");
  }

  async #sleep(ms: number | undefined): Promise<void> {
    if (this.#waiting.size > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = (): void => {
      if (ms === undefined || this.#waiting.size > 0 || this.#state !== "following") resolve();
    };
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms).unref();
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  /** Keeps the file for the next start. */
  async close(): Promise<void> {
    const isWhole = this.#state === "following" || this.#state === "idle";
    this.#state = "off";
    this.#unsubscribe?.();
    this.#giveUpWaiting();
    this.#wake?.();
    await this.#loop;
    if (isWhole) this.#file?.close();
    else this.#file?.db.close();
    this.#file = undefined;
  }
}

/** The file of the index is damaged, or its disk is full. */
export class IndexError extends Error {
  override readonly name = "IndexError";
}
