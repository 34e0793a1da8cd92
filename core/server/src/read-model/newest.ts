// Rows newest first, out of one index or several, read a little at a time so that no call has the event loop for long.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A condition, and what stands for its question marks. */
export interface Condition {
  readonly sql: string;
  readonly params: readonly SQLInputValue[];
}

/** All of them together. */
export function all(conditions: readonly Condition[]): Condition {
  return { sql: conditions.map(({ sql }) => sql).join(" AND "), params: conditions.flatMap(({ params }) => params) };
}

/** Where rows come from. */
export interface RowStream {
  readonly statements: StreamStatements;
  /** Of the condition that the index answers. */
  readonly params: readonly SQLInputValue[];
  /** Of what else is wanted. */
  readonly rest: readonly SQLInputValue[];
}

/** Shared by streams that differ in what stands for their question marks alone. */
export interface StreamStatements {
  /** Takes `params`, `rest`, a place below which, one from which on, and how many. */
  readonly rows: StatementSync;
  /**
   * The place so many rows further, wanted or not; takes `params`, below, from, how many. Undefined: every row is wanted, or
   * they are few. Else no more than so many are looked at before others have their turn.
   */
  readonly further: StatementSync | undefined;
}

export interface StreamSql {
  readonly columns: string;
  /** A table and one of its indexes. */
  readonly indexed: string;
  /** What the index answers. */
  readonly within: string;
  /** What else is wanted; "": nothing. */
  readonly rest: string;
  /** The index has its rows in order of time. Else all that are `within` are sorted at once. */
  readonly ordered: boolean;
}

export function prepareStream(
  db: DatabaseSync,
  { columns, indexed, within, rest, ordered }: StreamSql,
): StreamStatements {
  const span = "place < ? AND place >= ? ORDER BY place DESC";
  const wanted = rest === "" ? within : `${within} AND ${rest}`;
  const rows = db.prepare(`SELECT ${columns} FROM ${indexed} WHERE ${wanted} AND ${span} LIMIT ?`);
  rows.setReadBigInts(true);
  if (rest === "" || !ordered) return { rows, further: undefined };
  const further = db.prepare(`SELECT place FROM ${indexed} WHERE ${within} AND ${span} LIMIT 1 OFFSET ?`);
  further.setReadBigInts(true);
  return { rows, further };
}

/** Between two places. */
export interface Span {
  /** Exclusive. */
  readonly below: bigint;
  readonly from: bigint;
}

const FIRST_CHUNK = 64;
/** Where many streams have a few rows each. */
const SMALL_CHUNK = 8;
const LARGEST_CHUNK = 1024;
/** More streams are many; so many are begun before others have their turn. */
const BEGUN_AT_ONCE = 64;

/** Rows of all streams; a row that two streams have comes once. */
export async function* newest(streams: readonly RowStream[], span: Span): AsyncGenerator<Row, void> {
  const open: Reading[] = [];
  const chunk = streams.length > BEGUN_AT_ONCE ? SMALL_CHUNK : FIRST_CHUNK;
  for (const [i, stream] of streams.entries()) {
    const reading = await Reading.begin(stream, span, chunk);
    if (reading.place !== undefined) open.push(reading);
    if (i % BEGUN_AT_ONCE === BEGUN_AT_ONCE - 1) await nextTurn();
  }
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
  #chunk: number;
  /** Below which rows were not looked at; undefined: there are none. */
  #below: bigint | undefined;

  private constructor(stream: RowStream, span: Span, chunk: number) {
    this.#stream = stream;
    this.#span = span;
    this.#chunk = chunk;
    this.#below = span.below;
  }

  static async begin(stream: RowStream, span: Span, chunk: number): Promise<Reading> {
    const reading = new Reading(stream, span, chunk);
    reading.#read(span.below);
    await reading.#toNext();
    return reading;
  }

  get row(): Row | undefined {
    return this.#rows[this.#at];
  }

  get place(): bigint | undefined {
    return this.row?.["place"] as bigint | undefined;
  }

  async advance(): Promise<void> {
    this.#at += 1;
    await this.#toNext();
  }

  async #toNext(): Promise<void> {
    while (this.row === undefined && this.#below !== undefined) {
      await nextTurn();
      this.#read(this.#below);
    }
  }

  #read(below: bigint): void {
    const { statements, params, rest } = this.#stream;
    const { from } = this.#span;
    const chunk = this.#chunk;
    this.#chunk = Math.min(chunk * 2, LARGEST_CHUNK);
    const { rows, further } = statements;
    const until = further?.get(...params, below, from, chunk - 1)?.["place"] as bigint | undefined;
    this.#rows = rows.all(...params, ...rest, below, until ?? from, chunk);
    this.#at = 0;
    if (further !== undefined) this.#below = until;
    else this.#below = this.#rows.length < chunk ? undefined : (this.#rows.at(-1)?.["place"] as bigint);
  }
}
