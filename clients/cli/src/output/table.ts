import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** One column of a table. */
export interface Column<T> {
  readonly head: string;
  /** "" stands as "-". */
  of(row: T): string;
  /** An id of hexadecimal digits: eight of them on a terminal, all elsewhere. */
  readonly isId?: true;
}

const SHORT_ID = 8;
const GAP = "  ";
/** Narrower no column becomes, even if the line then breaks. */
const NARROWEST = 8;
const DEFAULT_COLUMNS = 80;

/**
 * Rows as lines: aligned under their heads within the width of a terminal; `Head: value` each, a block a row, in plain
 * style; elsewhere whole values divided by tabs, without heads, for programs.
 */
export function tableLines<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  terminal: Pick<Terminal, "style" | "io">,
): string[] {
  const { stdout } = terminal.io;
  if (terminal.style.plain) return plainLines(columns, rows);
  if (stdout.isTTY !== true) return rows.map((row) => cellsOf(columns, row).join("\t"));
  if (rows.length === 0) return [];
  const cells = rows.map((row) => cellsOf(columns, row).map((cell, at) => shortened(cell, columns[at])));
  const table = [columns.map(({ head }) => head.toUpperCase()), ...cells];
  const widths = fitted(columns, widthsOf(table), stdout.columns ?? DEFAULT_COLUMNS);
  return table.map((line) =>
    line
      .map((cell, at) => padded(cut(cell, widths[at] ?? 0), widths[at] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function cellsOf<T>(columns: readonly Column<T>[], row: T): string[] {
  return columns.map((column) => printable(column.of(row)) || "-");
}

function plainLines<T>(columns: readonly Column<T>[], rows: readonly T[]): string[] {
  return rows.flatMap((row, at) => [
    ...(at === 0 ? [] : [""]),
    ...cellsOf(columns, row).map((cell, index) => `${columns[index]?.head ?? ""}: ${cell}`),
  ]);
}

function shortened<T>(cell: string, column: Column<T> | undefined): string {
  return column?.isId === true ? cell.slice(0, SHORT_ID) : cell;
}

function widthsOf(table: readonly (readonly string[])[]): number[] {
  const [head = []] = table;
  return head.map((_, at) => Math.max(...table.map((line) => displayWidth(line[at] ?? ""))));
}

/** Takes from the widest column, a place at a time, until the line fits. Ids stay whole: half an id is of no use. */
function fitted<T>(columns: readonly Column<T>[], widths: number[], most: number): number[] {
  const whole = (): number => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  while (whole() > most) {
    const candidates = widths.map((width, at) => (columns[at]?.isId === true ? 0 : width));
    const widest = Math.max(...candidates);
    if (widest <= NARROWEST) break;
    widths[candidates.indexOf(widest)] = widest - 1;
  }
  return widths;
}

function cut(cell: string, width: number): string {
  if (displayWidth(cell) <= width) return cell;
  let kept = "";
  for (const character of cell) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function padded(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - displayWidth(cell)));
}

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF01-\uFF60]/u;

/** Places on a terminal: two for East Asian characters, none for combining marks. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}
