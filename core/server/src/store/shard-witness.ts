// Which version of each entity of a shard the audit chain names last: what changed lately in memory, the rest in pages of the
// database that are read when they are needed. docs/protocol/store.md section 6.
import {
  comparePlaces,
  decodePage,
  digestOf,
  encodePages,
  findInPage,
  WitnessDirectory,
  type PageMark,
  type PlacedEntity,
  type Witnessed,
} from "./witness-page.ts";
import { IntegrityError } from "./store.ts";
import { WitnessTable, type Place } from "./witness-table.ts";

/** Where the pages of one shard lie. */
export interface PageShelf {
  /** The page that the mark was made of; undefined when another one lies there, or none. */
  read(mark: PageMark): Uint8Array | undefined;
  /** Keeps a page under a number that no other page ever had. */
  add(page: Uint8Array): number;
  remove(number: number): void;
  /** Removes every page of the shard. */
  clear(): void;
}

/** What `restore` takes back. */
export interface WitnessState {
  readonly directory: WitnessDirectory;
  readonly fresh: WitnessTable;
}

const ABSENT: Witnessed = { version: 0, row: 0 };
/** Version of what was deleted since the pages were written; no chain gets so long. */
const DELETED = 0xffff_ffff;

export class ShardWitness {
  readonly #shelf: PageShelf;
  readonly #fromChain: () => WitnessTable;
  #directory = new WitnessDirectory();
  #fresh = new WitnessTable();
  /** There may be pages that no directory names. */
  #orphans = false;
  /** Why neither a page nor the chain could be believed: asked for once, since a chain is long. */
  #altered: IntegrityError | undefined;

  /** `fromChain` reads all that the chain says from its beginning; throws IntegrityError. Without `directory` it is read at once. */
  constructor(shelf: PageShelf, fromChain: () => WitnessTable, directory: WitnessDirectory | undefined) {
    this.#shelf = shelf;
    this.#fromChain = fromChain;
    if (directory === undefined) this.#startAnew();
    else this.#directory = directory;
  }

  /** Throws IntegrityError where neither the pages nor the chain can be believed. */
  find(place: Place): Witnessed {
    const version = this.#fresh.get(place);
    if (version === DELETED) return ABSENT;
    if (version !== 0) return { version, row: this.#fresh.rowOf(place) };
    const index = this.#directory.indexOf(place);
    if (index === undefined) return ABSENT;
    const page = this.#shelf.read(this.#directory.at(index));
    if (page !== undefined) return findInPage(page, place) ?? ABSENT;
    this.#startAnew();
    return this.find(place);
  }

  /** Version 0: it was deleted. */
  set(place: Place, version: number, row: number): void {
    const deleted = this.#directory.length === 0 ? 0 : DELETED;
    this.#fresh.set(place, version === 0 ? deleted : version, row);
  }

  /** Entities that are kept in memory. */
  get fresh(): number {
    return this.#fresh.size;
  }

  /**
   * Moves every entity to a page, and answers the bytes of the directory, which are to be stored with a MAC. Undefined, and
   * nothing moved, where neither a page nor the chain can be believed.
   */
  shelve(): Uint8Array | undefined {
    const touched = this.#readTouched() ?? this.#readChain();
    if (touched === undefined) return undefined;
    if (this.#orphans && this.#directory.length === 0) this.#shelf.clear();
    this.#orphans = false;
    const marks = [...this.#directory.marks()].flatMap((mark, i) => {
      const entries = touched.get(i);
      if (entries === undefined) return [mark];
      this.#shelf.remove(mark.number);
      return this.#add(entries);
    });
    this.#directory = WitnessDirectory.of(this.#directory.length === 0 ? this.#add(touched.get(0) ?? []) : marks);
    this.#fresh = new WitnessTable();
    return this.#directory.bytes;
  }

  /** For `restore`, if the commit comes to nothing. */
  get state(): WitnessState {
    return { directory: this.#directory, fresh: this.#fresh };
  }

  /** As it was, but for what was `set` meanwhile: who set it sets it back. */
  restore({ directory, fresh }: WitnessState): void {
    this.#directory = directory;
    this.#fresh = fresh;
  }

  // What each page that changed will hold. Undefined, and nothing written yet: one of them cannot be read.
  #readTouched(): Map<number, PlacedEntity[]> | undefined {
    const changes = Map.groupBy(this.#fresh.entries(), ([place]) => this.#directory.indexOf(place) ?? 0);
    const touched = new Map<number, PlacedEntity[]>();
    for (const [index, changed] of changes) {
      const page = this.#directory.length === 0 ? new Uint8Array() : this.#shelf.read(this.#directory.at(index));
      if (page === undefined) return undefined;
      touched.set(index, merged(decodePage(page), changed));
    }
    return touched;
  }

  #readChain(): Map<number, PlacedEntity[]> | undefined {
    try {
      this.#startAnew();
    } catch (error) {
      if (error instanceof IntegrityError) return undefined;
      throw error;
    }
    return this.#readTouched();
  }

  #add(entries: readonly PlacedEntity[]): PageMark[] {
    return encodePages(entries).map((page) => {
      const [[from]] = decodePage(page) as [PlacedEntity];
      return { from, number: this.#shelf.add(page), digest: digestOf(page) };
    });
  }

  // What is in memory is true whatever lies on the disk: the commit that it came with may not be in the chain yet.
  #startAnew(): void {
    if (this.#altered !== undefined) throw this.#altered;
    const known = this.#fresh;
    try {
      this.#fresh = this.#fromChain();
    } catch (error) {
      if (error instanceof IntegrityError) this.#altered = error;
      throw error;
    }
    this.#directory = new WitnessDirectory();
    this.#orphans = true;
    for (const [place, version, row] of known.entries()) this.set(place, version === DELETED ? 0 : version, row);
  }
}

// In the order of their places.
function merged(old: readonly PlacedEntity[], changed: readonly PlacedEntity[]): PlacedEntity[] {
  const now = new Set(changed.map(([{ high, low }]) => `${high} ${low}`));
  const kept = old.filter(([{ high, low }]) => !now.has(`${high} ${low}`));
  const added = changed.filter(([, version]) => version !== DELETED);
  return [...kept, ...added].toSorted(([one], [other]) => comparePlaces(one, other));
}
