/** Columns of the display. */
export const COLUMNS = 21;

/** Rows of the display. */
export const ROWS = 6;

/** Left and right text in one row, filled to 21 columns. Both come from the firmware or were measured by the caller. */
export function row(left: string, right = ""): string {
  const gap = COLUMNS - [...left].length - [...right].length;
  if (gap < 0) throw new RangeError(`a row of ${COLUMNS} columns cannot hold ${JSON.stringify([left, right])}`);
  return left + " ".repeat(gap) + right;
}

/** Exactly six rows from the given ones, the last given row at the bottom. */
export function screen(rows: readonly string[], bottom: string): string[] {
  const filled = Array.from({ length: ROWS - 1 }, (_, at) => row(rows[at] ?? ""));
  return [...filled, row(bottom)];
}

/**
 * Cuts a text into rows of 21 columns without losing a character: a row ends after a space where one fits, else the text
 * runs on. So a row whose last column holds no space continues without one, and every other row ends at a space: what
 * is read off the rows is the text, and no two texts look alike.
 */
export function wrap(text: string): string[] {
  const rows: string[] = [];
  let rest = [...text];
  while (rest.length > COLUMNS) {
    const space = rest.slice(0, COLUMNS).lastIndexOf(" ");
    const cut = space < 0 ? COLUMNS : space + 1;
    rows.push(rest.slice(0, cut).join(""));
    rest = rest.slice(cut);
  }
  return [...rows, rest.join("")].map((line) => row(line));
}

/** Reads wrapped rows back, as a careful person does. The inverse of `wrap` for texts without outer or double spaces. */
export function unwrap(rows: readonly string[]): string {
  let text = "";
  for (const line of rows) {
    const trimmed = line.trimEnd();
    text += [...trimmed].length === COLUMNS ? trimmed : `${trimmed} `;
  }
  return text.trimEnd();
}

/** Remaining time as on the code page: 1:34, never below 0:00. */
export function remaining(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
