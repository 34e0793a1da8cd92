import { basename } from "node:path";
import type { DurableFiles } from "../storage/durable-files.ts";

/** What is on the disk after a power cut: file name to bytes. */
export type Remains = ReadonlyMap<string, Uint8Array>;

/** A disk after a power cut. */
export interface Cut {
  /** "byte 17 of state.sealed.new". */
  readonly at: string;
  readonly remains: Remains;
}

/**
 * A disk that keeps every state in which a power cut could have left it: with each prefix of each file that is written,
 * and with a rename that was not yet flushed done or not. What was flushed stays.
 */
export class CuttingDisk implements DurableFiles {
  readonly cuts: Cut[] = [];
  #now: Map<string, Uint8Array>;
  /** Before the last rename, until the folder is flushed. */
  #flushed: Map<string, Uint8Array> | undefined;

  constructor(remains: Remains = new Map()) {
    this.#now = new Map(remains);
  }

  read(path: string): Uint8Array | undefined {
    return this.#now.get(basename(path));
  }

  writeFlushed(path: string, bytes: Uint8Array): void {
    const name = basename(path);
    for (let length = 0; length <= bytes.length; length++) {
      this.#cut(`byte ${length} of ${name}`, new Map(this.#now).set(name, bytes.slice(0, length)));
    }
    this.#now = new Map(this.#now).set(name, bytes);
  }

  rename(from: string, to: string): void {
    const moved = new Map(this.#now);
    const bytes = moved.get(basename(from));
    if (bytes === undefined) throw new Error(`no ${from}`);
    moved.delete(basename(from));
    moved.set(basename(to), bytes);
    this.#flushed = this.#now;
    this.#now = moved;
    this.#cut(`rename to ${basename(to)}`, moved);
  }

  flushFolder(): void {
    this.#flushed = undefined;
    this.#cut("after the flush", this.#now);
  }

  #cut(at: string, remains: Remains): void {
    if (this.#flushed !== undefined) this.cuts.push({ at: `${at}, rename lost`, remains: this.#flushed });
    this.cuts.push({ at, remains });
  }
}
