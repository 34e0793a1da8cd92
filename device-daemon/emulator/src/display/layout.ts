/** Left and right text in one row, filled to `columns`. Both come from the firmware or were measured by the caller. */
export function row(columns: number, left: string, right = ""): string {
  const gap = columns - [...left].length - [...right].length;
  if (gap < 0) throw new RangeError(`a row of ${columns} columns cannot hold ${JSON.stringify([left, right])}`);
  return left + " ".repeat(gap) + right;
}

/** Whether both texts fit into one row, with a space between them. */
export function fits(columns: number, left: string, right = ""): boolean {
  return [...left].length + [...right].length + (right === "" ? 0 : 1) <= columns;
}

/**
 * Cuts a text into rows without losing a character: a row ends after a space where one fits, else the text runs on. So a
 * row whose last column holds no space continues without one, and every other row ends at a space: what is read off the
 * rows is the text, and no two texts look alike. Values are written in groups with spaces between them, so no group that
 * fits into a row is divided.
 */
export function wrap(text: string, columns: number): string[] {
  const rows: string[] = [];
  let rest = [...text];
  while (rest.length > columns) {
    const space = rest.slice(0, columns).lastIndexOf(" ");
    const cut = space < 0 ? columns : space + 1;
    rows.push(rest.slice(0, cut).join(""));
    rest = rest.slice(cut);
  }
  return [...rows, rest.join("")].map((line) => row(columns, line));
}

/** Reads wrapped rows back, as a careful person does. The inverse of `wrap` for texts without outer or double spaces. */
export function unwrap(rows: readonly string[], columns: number): string {
  let text = "";
  for (const line of rows) {
    const trimmed = line.trimEnd();
    text += [...trimmed].length === columns ? trimmed : `${trimmed} `;
  }
  return text.trimEnd();
}

/** Exactly `count` rows from the given ones, empty rows below. */
export function filled(columns: number, count: number, rows: readonly string[]): string[] {
  return Array.from({ length: count }, (_, at) => row(columns, (rows[at] ?? "").trimEnd()));
}

/** Remaining time as on the code page: 1:34, never below 0:00. */
export function remaining(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
