import { type Content, kindName, labelName } from "@countersign/protocol";
import type { DisplaySize } from "./display-size.ts";
import { filled, fits, row, wrap } from "./layout.ts";
import { describeUnusual } from "./unusual.ts";

/** Where things stand on the pages of one transaction. */
export interface TransactionLayout {
  /** `whole`: kind, issuer and tag on every page. `apart`: on pages of their own, because rows or columns are few. */
  readonly style: "whole" | "apart";
  /** Rows above and below the values on each page. */
  readonly above: number;
  readonly below: number;
  readonly pages: readonly (readonly string[])[];
}

/** The pages of a transaction on a display of any size; each has exactly `size.rows` rows of `size.columns`. */
export function transactionPages(content: Content, tag: string, size: DisplaySize): readonly (readonly string[])[] {
  return layTransaction(content, tag, size).pages;
}

/** The same, with what a reader must know to read the values off the pages. */
export function layTransaction(content: Content, tag: string, size: DisplaySize): TransactionLayout {
  const matter: Matter = {
    kind: kindName(content.kind).toUpperCase(),
    issuer: content.issuer,
    tag,
    parts: partsOf(content, size.columns),
  };
  return (
    layWhole(matter, size, { issuerInHead: true, footer: true }) ??
    layWhole(matter, size, { issuerInHead: false, footer: true }) ??
    layWhole(matter, size, { issuerInHead: true, footer: false }) ??
    layWhole(matter, size, { issuerInHead: false, footer: false }) ??
    layApart(matter, size)
  );
}

interface Matter {
  readonly kind: string;
  readonly issuer: string;
  readonly tag: string;
  readonly parts: readonly Part[];
}

/** What stands under one name: a value under its label, or what is unusual in the value before it. */
interface Part {
  readonly name: string;
  readonly rows: readonly string[];
}

/** Names of parts that are no labels; labels of the registry are none of these words. */
const UNUSUAL = "Unusual";
const TAG = "Tag";

// What is unusual in the issuer's name comes first: the name stands above every value.
function partsOf(content: Content, columns: number): Part[] {
  return [
    ...unusual(content.issuer, columns),
    ...content.lines.flatMap(({ label, value }) => [
      { name: labelName(label), rows: wrap(value, columns) },
      ...unusual(value, columns),
    ]),
  ];
}

// As many in a row as fit: each has 8 columns, with two spaces between them.
function unusual(text: string, columns: number): Part[] {
  const found = describeUnusual(text);
  const inRow = Math.floor((columns + 2) / 10);
  const rows = chunks(found, inRow).map((some) => row(columns, some.join("  ")));
  return rows.length === 0 ? [] : [{ name: UNUSUAL, rows }];
}

/**
 * Everything on every page:
 *
 *   1/4 PAY     Acme Bank      page number, kind, issuer: places that no field can reach
 *   Amount                     from the key's own list by number
 *   EUR 1 250.00               the value, over as many rows and pages as it needs: "Reference 2/3"
 *
 *   AMBER TIGER                tag
 *   X reject       next ▶      left out where rows are few: the buttons are there all the same
 *
 * An issuer too long for the first row has rows of its own below it, on every page. Undefined where it does not fit.
 */
function layWhole(
  matter: Matter,
  { columns, rows }: DisplaySize,
  style: { readonly issuerInHead: boolean; readonly footer: boolean },
): TransactionLayout | undefined {
  const { kind, issuer, tag } = matter;
  const issuerRows = style.issuerInHead ? [] : issuerAlone(issuer, columns);
  const above = 2 + issuerRows.length;
  const below = style.footer ? 2 : 1;
  const room = rows - above - below;
  if (room < 1 || !fits(columns, tag)) return undefined;
  const cut = matter.parts.flatMap((part) => cutWithCount(part, room));
  const total = cut.length;
  const right = style.issuerInHead ? issuer : "";
  if (!fits(columns, `${total}/${total} ${kind}`, right)) return undefined;
  if (cut.some(({ name }) => !fits(columns, name))) return undefined;
  const pages = cut.map((part, at) => [
    row(columns, `${at + 1}/${total} ${kind}`, right),
    ...issuerRows,
    row(columns, part.name),
    ...filled(columns, room, part.rows),
    row(columns, tag),
    ...(style.footer ? [footer(columns, at, total)] : []),
  ]);
  return { style: "whole", above, below, pages };
}

function issuerAlone(issuer: string, columns: number): string[] {
  return fits(columns, issuer) ? [row(columns, "", issuer)] : wrap(issuer, columns);
}

function footer(columns: number, at: number, pages: number): string {
  if (pages === 1) return row(columns, "X reject", "OK ✓");
  if (at === 0) return row(columns, "X reject", "next ▶");
  if (columns < 21) return row(columns, "X ◀ back", "next ▶");
  return fits(columns, "X reject", "◀ back  next ▶")
    ? row(columns, "X reject", "◀ back  next ▶")
    : row(columns, "X reject ◀ back next▶");
}

// A value over several pages says which part this is, beside its label: "Reference 2/3".
function cutWithCount({ name, rows }: Part, room: number): Part[] {
  const parts = chunks(rows, room);
  return parts.map((some, at) => ({
    name: parts.length === 1 ? name : `${name} ${at + 1}/${parts.length}`,
    rows: some,
  }));
}

/**
 * A display of few rows or columns: the first row of every page is the key's own, and says what the rows below it hold.
 *
 *   1/7 PAY        |  2/7 Tag        |  3/7 Amount     |  5/7 Account   ▶
 *   Acme Bank      |  AMBER TIGER    |  EUR 1 250.00   |  DE89 3704 0044
 *
 * ▶ at its end: the value goes on, on the next page. The total goes where there is no room for it.
 */
function layApart(matter: Matter, { columns, rows }: DisplaySize): TransactionLayout {
  const room = rows - 1;
  const issuer = wrap(matter.issuer, columns);
  const tag = row(columns, matter.tag);
  const cover: Part[] =
    issuer.length < room
      ? [{ name: matter.kind, rows: [...filled(columns, room - 1, issuer), tag] }]
      : [
          { name: matter.kind, rows: issuer },
          { name: TAG, rows: [tag] },
        ];
  const cut = [...cover, ...matter.parts].flatMap((part) => cutWithMark(part, room));
  const pages = cut.map((part, at) => [
    headApart(columns, { at, total: cut.length, name: part.name, goesOn: part.goesOn }),
    ...filled(columns, room, part.rows),
  ]);
  return { style: "apart", above: 1, below: 0, pages };
}

function headApart(
  columns: number,
  page: { readonly at: number; readonly total: number; readonly name: string; readonly goesOn: boolean },
): string {
  const mark = page.goesOn ? "▶" : "";
  const whole = `${page.at + 1}/${page.total} ${page.name}`;
  // The mark may stand right behind the name: both are the key's own.
  const left = fits(columns - mark.length, whole) ? whole : `${page.at + 1} ${page.name}`;
  return row(columns, left, mark);
}

function cutWithMark({ name, rows }: Part, room: number): (Part & { readonly goesOn: boolean })[] {
  const parts = chunks(rows, room);
  return parts.map((some, at) => ({ name, rows: some, goesOn: at < parts.length - 1 }));
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}
