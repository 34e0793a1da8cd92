// Rows newest first, out of one index or several, read a little at a time so that no call has the event loop for long.
import type { SQLOutputValue, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** Where rows come from: a statement that takes `params`, then a place below which, one from which on, and how many. */
export interface RowStream {
  readonly statement: StatementSync;
  readonly params: readonly (string | number)[];
}

/** Between two places. */
export interface Span {
  /** Exclusive. */
  readonly below: bigint;
  readonly from: bigint;
}

const FIRST_CHUNK = 64;
const LARGEST_CHUNK = 1024;

/** Rows of all streams; a row that two streams have comes once. */
export async function* newest(streams: readonly RowStream[], span: Span): AsyncGenerator<Row, void> {
  const open = await Promise.all(streams.map((stream) => Reading.begin(stream, span)));
  let last: bigint | undefined;
  for (;;) {
    let first: Reading | undefined;
    for (const one of open) if (one.place !== undefined && (first?.place ?? -1n) < one.place) first = one;
    const row = first?.row;
    if (first === undefined || row === undefined) return;
    if (first.place !== last) yield row;
    last = first.place;
    await first.advance();
  }
}

class Reading {
  readonly #stream: RowStream;
  readonly #span: Span;
  #rows: readonly Row[] = [];
  #at = 0;
  #chunk = FIRST_CHUNK;
  #isLast = false;

  private constructor(stream: RowStream, span: Span) {
    this.#stream = stream;
    this.#span = span;
  }

  static async begin(stream: RowStream, span: Span): Promise<Reading> {
    const reading = new Reading(stream, span);
    reading.#read(span.below);
    return reading;
  }

  get row(): Row | undefined {
    return this.#rows[this.#at];
  }

  get place(): bigint | undefined {
    return this.row?.["place"] as bigint | undefined;
  }

  async advance(): Promise<void> {
    const { place } = this;
    this.#at += 1;
    if (this.#at < this.#rows.length || this.#isLast || place === undefined) return;
    await nextTurn();
    this.#read(place);
  }

  #read(below: bigint): void {
    const { statement, params } = this.#stream;
    this.#rows = statement.all(...params, below, this.#span.from, this.#chunk);
    this.#at = 0;
    this.#isLast = this.#rows.length < this.#chunk;
    this.#chunk = Math.min(this.#chunk * 2, LARGEST_CHUNK);
  }
}
