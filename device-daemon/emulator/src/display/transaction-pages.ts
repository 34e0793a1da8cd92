import { type Content, kindName, labelName } from "@countersign/protocol";
import { COLUMNS, row, wrap } from "./layout.ts";

const REJECT = "X reject";

/**
 * The pages of a transaction, six rows each.
 *
 *   1/4 PAY     Acme Bank      page number, kind, issuer: places that no field can reach
 *   Amount                     from the key's own list by number
 *   EUR 1 250.00               the value, over as many rows and pages as it needs
 *
 *   AMBER TIGER                tag
 *   X reject       next ▶
 *
 * An issuer too long for the first row has the second one to itself, on every page, and values have one row less.
 */
export function transactionPages(content: Content, tag: string): string[][] {
  const wide = cutValues(content, 2);
  const kind = kindName(content.kind).toUpperCase();
  const longest = `${wide.length}/${wide.length} ${kind} ${content.issuer}`;
  if ([...longest].length <= COLUMNS) {
    return wide.map((page, at) => [
      row(`${at + 1}/${wide.length} ${kind}`, content.issuer),
      row(page.label),
      row(page.rows[0] ?? ""),
      row(page.rows[1] ?? ""),
      row(tag),
      footer(at, wide.length),
    ]);
  }
  const narrow = cutValues(content, 1);
  return narrow.map((page, at) => [
    row(`${at + 1}/${narrow.length} ${kind}`),
    row("", content.issuer),
    row(page.label),
    row(page.rows[0] ?? ""),
    row(tag),
    footer(at, narrow.length),
  ]);
}

function footer(at: number, pages: number): string {
  if (at === 0 && pages > 1) return row(REJECT, "next ▶");
  return at === 0 ? row(REJECT, "OK ✓") : row(`${REJECT} ◀ back next▶`);
}

type ValuePart = { readonly label: string; readonly rows: readonly string[] };

// A value over several pages says which part this is, beside its label: "Reference 2/3".
function cutValues(content: Content, rowsPerPage: number): ValuePart[] {
  return content.lines.flatMap(({ label, value }) => {
    const rows = wrap(value);
    const parts = Math.ceil(rows.length / rowsPerPage);
    return Array.from({ length: parts }, (_, part) => ({
      label: parts === 1 ? labelName(label) : `${labelName(label)} ${part + 1}/${parts}`,
      rows: rows.slice(part * rowsPerPage, (part + 1) * rowsPerPage),
    }));
  });
}
