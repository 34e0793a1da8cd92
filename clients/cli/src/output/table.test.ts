import { expect, test } from "@jest/globals";
import { tableLines, type Column } from "./table.ts";
import { Terminal, type Io } from "./terminal.ts";

interface Row {
  readonly name: string;
  readonly id: string;
  readonly what: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { head: "Name", of: ({ name }) => name },
  { head: "What", of: ({ what }) => what },
  { head: "Id", of: ({ id }) => id, isId: true },
];
const ROWS: readonly Row[] = [
  { name: "shop", id: "0123456789abcdef0123456789abcdef", what: "" },
  { name: "ledger", id: "fedcba9876543210fedcba9876543210", what: "carries out whatever was confirmed" },
];

function terminal(columns: number | undefined, plain = false): Terminal {
  const io: Io = {
    stdout: { isTTY: columns !== undefined, columns, write: () => undefined },
    stderr: { write: () => undefined },
    env: {},
    folder: ".",
    onInterrupt: () => () => undefined,
    readSecret: () => Promise.resolve(undefined),
    now: () => 0,
  };
  return new Terminal(io, { json: false, plain });
}

test("on a terminal: heads, aligned, ids shortened", () => {
  expect(tableLines(COLUMNS, ROWS, terminal(100))).toEqual([
    "NAME    WHAT                                ID",
    "shop    -                                   01234567",
    "ledger  carries out whatever was confirmed  fedcba98",
  ]);
});

test("what does not fit is cut in the widest column, never in an id", () => {
  const lines = tableLines(COLUMNS, ROWS, terminal(40));
  expect(lines.at(-1)).toBe("ledger  carries out whatever …  fedcba98");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
});

test("characters that take two places are counted as two", () => {
  const rows = [{ name: "東京銀行", id: "0".repeat(32), what: "x" }, ROWS[0]!];
  expect(tableLines(COLUMNS, rows, terminal(80))).toEqual([
    "NAME      WHAT  ID",
    "東京銀行  x     00000000",
    "shop      -     01234567",
  ]);
});

test("elsewhere: whole values divided by tabs, no heads", () => {
  expect(tableLines(COLUMNS, ROWS.slice(0, 1), terminal(undefined))).toEqual([
    "shop\t-\t0123456789abcdef0123456789abcdef",
  ]);
});

test("plain: one value a line, a block a row", () => {
  expect(tableLines(COLUMNS, ROWS, terminal(80, true))).toEqual([
    ...["Name: shop", "What: -", "Id: 0123456789abcdef0123456789abcdef", ""],
    ...["Name: ledger", "What: carries out whatever was confirmed", "Id: fedcba9876543210fedcba9876543210"],
  ]);
});

test("what others named cannot steer the terminal, nor make columns of its own", () => {
  const rows = [{ name: "a\u001B[2J\tb", id: "0".repeat(32), what: "x\ny" }];
  expect(tableLines(COLUMNS, rows, terminal(undefined))).toEqual([
    `a<U+001B>[2J<U+0009>b\tx<U+000A>y\t${"0".repeat(32)}`,
  ]);
});
