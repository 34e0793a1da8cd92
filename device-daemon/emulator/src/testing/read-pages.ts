import type { DisplaySize } from "../display/display-size.ts";
import { unwrap } from "../display/layout.ts";
import type { TransactionLayout } from "../display/transaction-pages.ts";

/** What a careful person notes down from the pages of a transaction. */
export interface ReadTransaction {
  readonly kind: string;
  readonly issuer: string;
  readonly tag: string;
  readonly lines: readonly { readonly label: string; readonly value: string }[];
  /** What was pointed out, after how many lines. */
  readonly unusual: readonly { readonly after: number; readonly text: string }[];
}

interface Part {
  readonly name: string;
  readonly rows: string[];
}

/** Reads by place alone: what stands where no value can reach, and what stands where values do. */
export function readTransaction(layout: TransactionLayout, size: DisplaySize): ReadTransaction {
  return layout.style === "whole" ? readWhole(layout, size) : readApart(layout, size);
}

function readWhole({ pages, above, below }: TransactionLayout, size: DisplaySize): ReadTransaction {
  const parts: Part[] = [];
  const heads = new Set<string>();
  for (const rows of pages) {
    heads.add(
      JSON.stringify([
        rows[0]
          ?.replace(/^\d+\/\d+ /, "")
          .replaceAll(/ +/g, " ")
          .trim(),
        ...rows.slice(1, above - 1),
      ]),
    );
    const [name = "", part] = (rows[above - 1] ?? "").trim().split(/ (?=\d+\/\d+$)/);
    const value = rows.slice(above, size.rows - below);
    if (part === undefined || part.startsWith("1/")) parts.push({ name, rows: [...value] });
    else parts.at(-1)?.rows.push(...value);
  }
  const [head = "[]", ...others] = heads;
  if (others.length > 0) throw new Error(`the head changes from page to page: ${head}, ${others.join(", ")}`);
  const [first = "", ...own] = JSON.parse(head) as string[];
  const [kind = "", inHead = ""] = own.length > 0 ? [first] : first.split(/ {1,}(?=\S)/).reduce(kindFirst, ["", ""]);
  const issuer =
    own.length > 0
      ? unwrap(
          own.map((row) => (row.startsWith(" ") ? row.trim() : row)),
          size.columns,
        )
      : inHead;
  const tags = new Set(pages.map((rows) => rows[size.rows - below]?.trim() ?? ""));
  if (tags.size !== 1) throw new Error("the tag changes from page to page");
  return { kind, issuer, tag: [...tags][0] ?? "", ...valuesOf(parts, size) };
}

// Kinds are written in capitals, "REVOKE KEY" in two words; what follows is the issuer.
function kindFirst([kind = "", issuer = ""]: string[], word: string): string[] {
  const isKind = issuer === "" && KINDS.some((each) => each === word || each.startsWith(`${kind} ${word}`.trim()));
  return isKind ? [`${kind} ${word}`.trim(), ""] : [kind, `${issuer} ${word}`.trim()];
}

const KINDS =
  "PAY,TRANSFER,DEPLOY,RUN,GRANT,LOG IN,SIGN,APPROVE,LINK,UNLINK,ENROL KEY,REVOKE KEY,THAW,ADMINISTER".split(",");

function readApart({ pages }: TransactionLayout, size: DisplaySize): ReadTransaction {
  const parts: Part[] = [];
  let goesOn = false;
  for (const [at, rows] of pages.entries()) {
    const [, number, name = "", mark] = /^(\d+)(?:\/\d+)? (.*?) *(▶?) *$/.exec(rows[0] ?? "") ?? [];
    if (Number(number) !== at + 1) throw new Error(`page ${at + 1} says ${number}`);
    if (goesOn && parts.at(-1)?.name !== name) throw new Error(`page ${number} goes on with another part`);
    if (goesOn) parts.at(-1)?.rows.push(...rows.slice(1));
    else parts.push({ name, rows: rows.slice(1) });
    goesOn = mark === "▶";
  }
  const [cover, ...others] = parts;
  if (cover === undefined) throw new Error("no cover");
  const tagAlone = others[0]?.name === "Tag";
  const issuer = tagAlone ? cover.rows : cover.rows.slice(0, -1);
  const tag = tagAlone ? others[0]?.rows[0] : cover.rows.at(-1);
  const read = valuesOf(tagAlone ? others.slice(1) : others, size);
  return { kind: cover.name, issuer: unwrap(notEmpty(issuer), size.columns), tag: tag?.trim() ?? "", ...read };
}

function valuesOf(parts: readonly Part[], { columns }: DisplaySize): Pick<ReadTransaction, "lines" | "unusual"> {
  const lines: { label: string; value: string }[] = [];
  const unusual: { after: number; text: string }[] = [];
  for (const { name, rows } of parts) {
    const filled = notEmpty(rows);
    if (name === "Unusual") unusual.push({ after: lines.length, text: filled.map((row) => row.trim()).join("  ") });
    else lines.push({ label: name, value: unwrap(filled, columns) });
  }
  return { lines, unusual };
}

function notEmpty(rows: readonly string[]): string[] {
  return rows.filter((row) => row.trim() !== "");
}
