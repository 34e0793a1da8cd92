import type { DisplaySize } from "./display-size.ts";
import { filled, fits, row, wrap } from "./layout.ts";

/** Something of the key's own that it shows: not the pages of a transaction. */
export interface Panel {
  readonly title: string;
  /** Whose it is, at the right of the title. */
  readonly issuer?: string;
  /** Each begins a row; "" leaves a row free where there is room. */
  readonly rows: readonly string[];
  /** What the buttons do, left and right, in the last row; left out where rows are few. */
  readonly bottom: string;
  /** What must be seen while digits are typed, in the first two rows of a display too small for all of it. */
  readonly entry?: { readonly note: string; readonly right: string; readonly typed: string };
}

/**
 * Draws a panel as one screen where it fits, else as several: the first row of each then says which it is, and nothing
 * is cut. Every screen has exactly `size.rows` rows of `size.columns`.
 */
export function drawPanel(panel: Panel, size: DisplaySize): string[][] {
  const { columns, rows } = size;
  const head = headOf(panel, columns);
  const body = panel.rows.flatMap((each) => (each === "" ? [""] : wrap(each, columns)));
  const dense = body.filter((each) => each.trim() !== "");
  const bottom = row(columns, ...bottomOf(panel.bottom, columns));
  for (const below of [body, dense]) {
    if (head.length + below.length < rows) return [[...filled(columns, rows - 1, [...head, ...below]), bottom]];
  }
  if (head.length + dense.length <= rows) return [filled(columns, rows, [...head, ...dense])];
  return panel.entry === undefined ? inScreens(panel, dense, size) : aroundEntry(panel, panel.entry, size);
}

function headOf({ title, issuer = "" }: Panel, columns: number): string[] {
  if (fits(columns, title, issuer)) return [row(columns, title, issuer)];
  const alone = fits(columns, issuer) ? [row(columns, "", issuer)] : wrap(issuer, columns);
  return [...wrap(title, columns), ...(issuer === "" ? [] : alone)];
}

function bottomOf(text: string, columns: number): [left: string, right: string] {
  const [left = "", right = ""] = text.split(/ {2,}/);
  if (fits(columns, left, right)) return [left, right];
  // "X reject ◀ back  OK ✓": of three buttons a narrow display names the outer two.
  return [left.split(" ").slice(0, 2).join(" "), right];
}

// Title and count in the first row of each; a title too long for that is read first instead.
function inScreens(panel: Panel, dense: readonly string[], { columns, rows }: DisplaySize): string[][] {
  const issuer = panel.issuer === undefined ? [] : wrap(panel.issuer, columns);
  const hasRoom = fits(columns, panel.title, "9/9");
  const below = [...(hasRoom ? [] : wrap(panel.title, columns)), ...issuer, ...dense];
  const room = rows - 1;
  const total = Math.ceil(below.length / room);
  return Array.from({ length: total }, (_, at) => [
    row(columns, hasRoom ? panel.title : "", `${at + 1}/${total}`),
    ...filled(columns, room, below.slice(at * room, (at + 1) * room)),
  ]);
}

// The first screen holds what is being typed; what it is for is read on the others.
function aroundEntry(panel: Panel, entry: NonNullable<Panel["entry"]>, size: DisplaySize): string[][] {
  const { columns, rows } = size;
  const { note } = entry;
  const left = [note, panel.title].find((each) => each !== "" && fits(columns, each, entry.right)) ?? panel.title;
  const right = fits(columns, left, entry.right) ? entry.right : "";
  const first = filled(columns, rows, [row(columns, left, right), entry.typed]);
  const others = panel.rows.filter((each) => each !== "" && each !== left && !each.startsWith(entry.typed));
  return [
    first,
    ...inScreens(
      panel,
      others.flatMap((each) => wrap(each, columns)),
      size,
    ),
  ];
}
