import type { Index } from "./store.ts";
import type { Place } from "./witness-table.ts";

/** An entity whose MAC and version were checked, or that this process wrote itself. */
export interface VerifiedEntity {
  readonly place: Place;
  readonly version: number;
  /** Encoded body. */
  readonly text: string;
  readonly index: Index;
}

/** Objects, keys and map slots of one entry, roughly. */
const OVERHEAD = 300;

/** The entities used last, by name, up to a number of bytes: what is in it needs no reading, no MAC. */
export class EntityCache {
  readonly #limit: number;
  readonly #entries = new Map<string, VerifiedEntity>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(name: string): VerifiedEntity | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry); // a Map keeps the order of insertion: the first is the one unused for longest
    return entry;
  }

  set(name: string, entry: VerifiedEntity): void {
    this.delete(name);
    this.#entries.set(name, entry);
    this.#bytes += entry.text.length + OVERHEAD;
    for (const [oldest, { text }] of this.#entries) {
      if (this.#bytes <= this.#limit) break;
      this.#entries.delete(oldest);
      this.#bytes -= text.length + OVERHEAD;
    }
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= entry.text.length + OVERHEAD;
  }
}
