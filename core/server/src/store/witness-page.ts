// A stored witness is cut into pages, so that a core keeps in memory which pages there are, and not what is in them.
// docs/protocol/store.md section 6.
import { hash } from "node:crypto";
import { equalBytes } from "@countersign/protocol";
import type { Place } from "./witness-table.ts";

/** What the chain names last of one entity. */
export interface Witnessed {
  /** Audit sequence number; 0: there is no such entity. */
  readonly version: number;
  readonly row: number;
}

/** An entry of a page. */
export type PlacedEntity = readonly [place: Place, version: number, row: number];

// One entity: high u32be | low u32be | version u32be | row u64be, in the order of their places.
const ENTRY_BYTES = 20;
/** More do not go into one page of the database. */
const MOST_ENTRIES = 192;
const USUAL_ENTRIES = 128;
const DIGEST_BYTES = 16;
const WORD = 2 ** 32;

/** First bytes of SHA-256: who could choose another content for it has nothing to gain below 2^128 tries. */
export function digestOf(page: Uint8Array): Uint8Array {
  return hash("sha256", page, "buffer").subarray(0, DIGEST_BYTES);
}

/** What a page says of a place. */
export function findInPage(page: Uint8Array, place: Place): Witnessed | undefined {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const at = ENTRY_BYTES * lastUpTo(page.length / ENTRY_BYTES, place, (i) => placeAt(view, ENTRY_BYTES * i));
  if (at < 0 || comparePlaces(placeAt(view, at), place) !== 0) return undefined;
  return { version: view.getUint32(at + 8), row: u64At(view, at + 12) };
}

export function decodePage(page: Uint8Array): PlacedEntity[] {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  return Array.from({ length: page.length / ENTRY_BYTES }, (_, i) => {
    const at = ENTRY_BYTES * i;
    return [placeAt(view, at), view.getUint32(at + 8), u64At(view, at + 12)];
  });
}

/** Entries in the order of their places, as one page, or as several about equally full. */
export function encodePages(entries: readonly PlacedEntity[]): Uint8Array[] {
  if (entries.length === 0) return [];
  const parts = entries.length <= MOST_ENTRIES ? 1 : Math.ceil(entries.length / USUAL_ENTRIES);
  const cut = (i: number): number => Math.round((i * entries.length) / parts);
  return Array.from({ length: parts }, (_, i) => encodePage(entries.slice(cut(i), cut(i + 1))));
}

export function encodePage(entries: readonly PlacedEntity[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  entries.forEach(([{ high, low }, version, row], i) => {
    const at = ENTRY_BYTES * i;
    view.setUint32(at, high);
    view.setUint32(at + 4, low);
    view.setUint32(at + 8, version);
    putU64(view, at + 12, row);
  });
  return bytes;
}

/** A page by the number that it is stored under, and the place of its first entry when it was written. */
export interface PageMark {
  readonly from: Place;
  readonly number: number;
  readonly digest: Uint8Array;
}

// One page: high u32be | low u32be | number u64be | digest; a page holds the places from its own up to the next one's.
const MARK_BYTES = 16 + DIGEST_BYTES;

/** The pages of a shard's stored witness in the order of their places; kept as the bytes that are stored. */
export class WitnessDirectory {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  /** `bytes` were authenticated, or are a directory's. */
  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  static of(marks: readonly PageMark[]): WitnessDirectory {
    const bytes = new Uint8Array(marks.length * MARK_BYTES);
    const view = new DataView(bytes.buffer);
    marks.forEach(({ from, number, digest }, i) => {
      const at = MARK_BYTES * i;
      view.setUint32(at, from.high);
      view.setUint32(at + 4, from.low);
      putU64(view, at + 8, number);
      bytes.set(digest, at + 16);
    });
    return new WitnessDirectory(bytes);
  }

  get length(): number {
    return this.bytes.length / MARK_BYTES;
  }

  /** The page where a place would be: the first one also for what lies before it. Undefined: there are no pages. */
  indexOf(place: Place): number | undefined {
    if (this.length === 0) return undefined;
    return Math.max(
      0,
      lastUpTo(this.length, place, (i) => placeAt(this.#view, MARK_BYTES * i)),
    );
  }

  at(index: number): PageMark {
    const at = MARK_BYTES * index;
    const digest = this.bytes.subarray(at + 16, at + MARK_BYTES);
    return { from: placeAt(this.#view, at), number: u64At(this.#view, at + 8), digest };
  }

  *marks(): Generator<PageMark> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

export function comparePlaces(one: Place, other: Place): number {
  return one.high - other.high || one.low - other.low;
}

/** Whether a page is the one that a mark was made of. */
export function isPageOf(mark: PageMark, page: Uint8Array): boolean {
  return page.length % ENTRY_BYTES === 0 && equalBytes(digestOf(page), mark.digest);
}

// The last of `length` places in order that is not beyond `place`; -1: all are.
function lastUpTo(length: number, place: Place, at: (index: number) => Place): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePlaces(at(middle), place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function placeAt(view: DataView, at: number): Place {
  return { high: view.getUint32(at), low: view.getUint32(at + 4) };
}

function u64At(view: DataView, at: number): number {
  return view.getUint32(at) * WORD + view.getUint32(at + 4);
}

function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / WORD));
  view.setUint32(at + 4, value % WORD);
}
