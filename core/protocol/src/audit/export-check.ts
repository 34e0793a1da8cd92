// Reads an export line by line and says what is wrong with it. docs/protocol/audit.md section 8.
import { equalBytes } from "../bytes.ts";
import { AUDIT_GENESIS, decodeAuditEntry, hashAuditEntry } from "./audit-entry.ts";
import type { AuditFault, EntryFaultReason } from "./audit-fault.ts";
import { describeHeadFault, openAuditHead, type OpenedHead, type PinnedSealer } from "./audit-head.ts";
import { ExpectedPlaces, isBefore, isSame } from "./expected-places.ts";
import { readExportLine, type ExportEnd, type ExportHeader, type ExportLine, type Place } from "./export-line.ts";
import type { HeadBook } from "./head-book.ts";
import { PartCheck } from "./part-check.ts";

/** What an export holds, and what is wrong with it. */
export interface ExportReport {
  /** Nothing is. */
  readonly ok: boolean;
  readonly faults: readonly AuditFault[];
  readonly entries: number;
  /** Entries of others, of which it holds the hash alone. */
  readonly opaque: number;
  /** "": of the whole installation. */
  readonly tenant: string | undefined;
  /** It ends there. */
  readonly head: OpenedHead | undefined;
  /** It begins behind it; undefined: at the first entries. */
  readonly base: OpenedHead | undefined;
}

/** A line that should be an entry. */
interface Held {
  readonly number: number;
  /** undefined: it cannot be read. */
  readonly place: Place | undefined;
  readonly hash: Uint8Array | undefined;
  /** undefined: it is opaque. */
  readonly text: string | undefined;
}

/** What follows a line: an entry's place, a line that cannot be read, or nothing. */
type Next = Place | "unreadable" | "end";

/** Of a file that says nothing about entries yet. */
const NOTHING = new ExpectedPlaces(new Map(), new Map());

/**
 * Takes an export from its first line to its last, in bounded memory. Everything in it is attacker-controlled but what a
 * pinned key signed: its heads say which entries there must be, so what is edited, deleted, moved or put in is found by
 * its place. `book`: heads that were kept elsewhere; the export's own are held against them too.
 */
export class ExportCheck {
  readonly #pinned: PinnedSealer;
  readonly #book: HeadBook;
  #state: "header" | "head" | "base" | "entries" | "ended" | "given-up" = "header";
  #header: ExportHeader | undefined;
  #head: OpenedHead | undefined;
  #base: OpenedHead | undefined;
  #places = NOTHING;
  #parts: PartCheck | undefined;
  #expected: Place | undefined;
  /** Hash of the entry before the expected one; undefined: it is not known. */
  #previous: Uint8Array | undefined;
  #held: Held | undefined;
  #line = 0;
  #entries = 0;
  #opaque = 0;
  readonly #broken = new Map<number, AuditFault>();
  readonly #faults: AuditFault[] = [];

  constructor(pinned: PinnedSealer, book: HeadBook) {
    this.#pinned = pinned;
    this.#book = book;
  }

  /** One line without its end. `whole` false: the file ends within it. */
  take(line: string, whole: boolean = true): void {
    this.#line += 1;
    if (this.#state === "given-up") return;
    const read = readExportLine(line);
    if (!whole && read?.type !== "end") return;
    if (this.#state === "header") this.#takeHeader(read);
    else if (this.#state === "head" || this.#state === "base") this.#takeHead(line);
    else if (this.#state === "entries") this.#takeEntry(line, read);
    else this.#refuse("something stands behind the last line");
  }

  /** After the last line. */
  finish(): ExportReport {
    if (this.#state !== "ended" && this.#state !== "given-up") {
      this.#faults.push({
        type: "file",
        line: this.#line,
        why: "the file ends here, before its last line: it was cut off",
      });
      if (this.#state === "entries") this.#finishEntries();
    }
    const byShard = [...this.#broken].toSorted(([one], [other]) => one - other).map(([, fault]) => fault);
    const faults = [...this.#faults, ...byShard];
    const { entries, opaque } = { entries: this.#entries, opaque: this.#opaque };
    const [tenant, head, base] = [this.#header?.tenant, this.#head, this.#base];
    return { ok: faults.length === 0, faults, entries, opaque, tenant, head, base };
  }

  #takeHeader(read: ExportLine | undefined): void {
    if (read?.type !== "header") return this.#refuse("it is not the first line of an audit export");
    if (read.header.serverId !== this.#pinned.serverId) return this.#refuse("it is the export of another installation");
    this.#header = read.header;
    this.#state = "head";
  }

  #takeHead(line: string): void {
    const head = openAuditHead(line, this.#pinned);
    if (typeof head === "string") return this.#refuse(describeHeadFault(head));
    if (this.#state === "head") this.#head = head;
    else this.#base = head;
    this.#state = this.#state === "head" && this.#header?.base === true ? "base" : "entries";
    if (this.#state === "entries") this.#begin();
  }

  #begin(): void {
    this.#holdBaseAgainstHead();
    const { heads = new Map(), root = AUDIT_GENESIS } = this.#head ?? {};
    this.#places = new ExpectedPlaces(this.#base?.heads ?? new Map(), heads);
    const tenant = this.#header?.tenant ?? "";
    if (tenant !== "") this.#parts = new PartCheck({ pinned: this.#pinned, places: this.#places, tenant, root });
    this.#expect(this.#places.first());
  }

  /** Both are signed, and one of them must have the other's history behind it. */
  #holdBaseAgainstHead(): void {
    for (const [shard, { seq, hash }] of this.#base?.heads ?? []) {
      const end = this.#head?.heads.get(shard);
      if (end !== undefined && (end.seq > seq || (end.seq === seq && equalBytes(end.hash, hash)))) continue;
      this.#broken.set(shard, {
        type: "fork",
        shard,
        seq,
        why: "the head that it begins behind has it, its own does not",
      });
    }
  }

  #takeEntry(line: string, read: ExportLine | undefined): void {
    if (read?.type === "end") return this.#takeEnd(read.end);
    if (read?.type === "part" && this.#parts !== undefined) {
      if (!this.#parts.close(read.text, read.signature)) this.#faultOfPart();
      return;
    }
    const held = heldOf(read, this.#line, this.#parts !== undefined);
    if (this.#parts?.take(line, held.place) === false)
      return this.#refuse("a part is longer than any that a core makes");
    if (this.#held !== undefined) this.#judge(this.#held, held.place ?? "unreadable");
    this.#held = held;
  }

  #takeEnd({ entries, opaque, root }: ExportEnd): void {
    if (this.#parts?.isClosed === false) this.#faultOfPart();
    this.#finishEntries();
    this.#state = "ended";
    if (this.#broken.size + this.#faults.length > 0) return;
    const isRight = entries === this.#entries && opaque === this.#opaque && equalBytes(root, this.#head?.root ?? root);
    if (!isRight) this.#faults.push({ type: "file", line: this.#line, why: "it counts other entries than there are" });
  }

  #finishEntries(): void {
    if (this.#held !== undefined) this.#judge(this.#held, "end");
    this.#held = undefined;
    if (this.#expected !== undefined) this.#miss(this.#expected, undefined);
    this.#expected = undefined;
  }

  /** One line at the place where `#expected` belongs. What follows it tells a line put in from one that was replaced. */
  #judge(line: Held, next: Next): void {
    const expected = this.#expected;
    const { place } = line;
    if (expected === undefined) return this.#intruder(line, expected);
    if (place !== undefined && isSame(place, expected)) return this.#accept(line, expected);
    if (isNext(next, expected)) return this.#intruder(line, expected);
    if (isNext(next, this.#places.after(expected))) {
      this.#fault(expected, place === undefined ? "form" : "replaced");
      return this.#expect(this.#places.after(expected), expected);
    }
    if (place !== undefined && this.#places.has(place) && isBefore(expected, place)) {
      this.#miss(expected, place);
      this.#expect(place, expected);
      return this.#accept(line, place);
    }
    this.#intruder(line, expected);
  }

  #accept({ hash = AUDIT_GENESIS, text }: Held, place: Place): void {
    if (text === undefined) this.#opaque += 1;
    else this.#entries += 1;
    const { shard, seq } = place;
    const computed = this.#previous !== undefined && text !== undefined ? hashAuditEntry(this.#previous, text) : hash;
    const head = this.#head?.heads.get(shard);
    if (!equalBytes(computed, hash)) this.#fault(place, "altered");
    else if (head?.seq === seq && !equalBytes(head.hash, hash)) this.#fault(place, "not-the-sealed");
    else if (!this.#broken.has(shard)) this.#holdAgainstBook(place, hash);
    this.#expect(this.#places.after(place), place, hash);
  }

  #holdAgainstBook({ shard, seq }: Place, hash: Uint8Array): void {
    const mark = this.#book.markAt(shard, seq);
    if (mark === undefined || equalBytes(mark.hash, hash)) return;
    this.#broken.set(shard, { type: "fork", shard, seq, why: `${mark.name} has another entry here than the export` });
  }

  #intruder({ number, place }: Held, expected: Place | undefined): void {
    if (place === undefined && expected === undefined) {
      this.#faults.push({ type: "file", line: number, why: "it is not a line of an export" });
    } else if (place === undefined) this.#fault(expected!, "form");
    else this.#fault(place, this.#places.has(place) ? "out-of-order" : "beyond");
  }

  #expect(place: Place | undefined, before?: Place, previous?: Uint8Array): void {
    this.#expected = place;
    if (place === undefined || place.shard === before?.shard) this.#previous = previous;
    else this.#previous = this.#base?.heads.get(place.shard)?.hash ?? AUDIT_GENESIS;
  }

  #miss(from: Place, to: Place | undefined): void {
    for (const { shard, first, last } of this.#places.between(from, to)) {
      if (!this.#broken.has(shard)) this.#broken.set(shard, { type: "missing", shard, firstSeq: first, lastSeq: last });
    }
  }

  #fault({ shard, seq }: Place, reason: EntryFaultReason): void {
    if (!this.#broken.has(shard)) this.#broken.set(shard, { type: "entry", shard, seq, reason });
  }

  /** The first one alone: those after it may be its consequence. */
  #faultOfPart(): void {
    if (!this.#faults.some(({ type }) => type === "part")) this.#faults.push({ type: "part", line: this.#line });
  }

  #refuse(why: string): void {
    this.#faults.push({ type: "file", line: this.#line, why });
    this.#state = "given-up";
  }
}

// An entry of others may be in the export of one tenant alone.
function heldOf(read: ExportLine | undefined, number: number, mayBeOpaque: boolean): Held {
  if (read?.type === "opaque" && mayBeOpaque) return { number, place: read.place, hash: read.hash, text: undefined };
  if (read?.type !== "entry") return { number, place: undefined, hash: undefined, text: undefined };
  try {
    const { shard, seq } = decodeAuditEntry(read.text);
    return { number, place: { shard, seq }, hash: read.hash, text: read.text };
  } catch {
    return { number, place: undefined, hash: undefined, text: undefined };
  }
}

function isNext(next: Next, place: Place | undefined): boolean {
  if (next === "unreadable") return false;
  return next === "end" ? place === undefined : isSame(next, place);
}
