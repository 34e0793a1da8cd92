/** Columns and rows of a display of fixed width, in characters. */
export interface DisplaySize {
  readonly columns: number;
  readonly rows: number;
}

/** The smallest display that a key is built with: two rows of sixteen characters. */
export const SMALLEST: DisplaySize = { columns: 16, rows: 2 };

/** The largest one. */
export const LARGEST: DisplaySize = { columns: 40, rows: 20 };

/** The display that a key has when nothing is said. */
export const USUAL: DisplaySize = { columns: 21, rows: 6 };

/** Reads "21x6"; undefined for what is no size, or one that no key is built with. */
export function parseDisplaySize(text: string): DisplaySize | undefined {
  const [, columns = "", rows = ""] = /^([1-9]\d?)x([1-9]\d?)$/.exec(text) ?? [];
  const size = { columns: Number(columns), rows: Number(rows) };
  const isBuilt =
    size.columns >= SMALLEST.columns &&
    size.columns <= LARGEST.columns &&
    size.rows >= SMALLEST.rows &&
    size.rows <= LARGEST.rows;
  return isBuilt ? size : undefined;
}
