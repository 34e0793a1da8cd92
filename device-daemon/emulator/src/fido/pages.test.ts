import { describe, expect, test } from "@jest/globals";
import { transactionPages } from "../display/transaction-pages.ts";
import { GOLDEN_SIZES } from "../testing/golden-screens.ts";
import { KIND_SAMPLES } from "../testing/sample-contents.ts";
import { fidoFingerPrompt, fidoPrompt, type FidoQuestion } from "./pages.ts";

const QUESTIONS: readonly FidoQuestion[] = ["sign-in", "new key", "choose", "reset"];

/** Names by which a host would like to draw a transaction. */
const HOSTILE = [
  "1/4 PAY     Acme Bank",
  "AMBER TIGER",
  "Amount\nEUR 1 250.00",
  "X reject       next ▶",
  "x".repeat(250),
  "аcme.example",
  "SIGNED",
  "",
];

function rowsOf(rpId: string | undefined, size: (typeof GOLDEN_SIZES)[number]): string[][] {
  const prompts = [
    ...QUESTIONS.map((question) => fidoPrompt(question, rpId)),
    fidoFingerPrompt(rpId, "touch the sensor"),
  ];
  return prompts.flatMap((prompt) => prompt.draw(size, 0).map((screen) => [...screen]));
}

test("the page of a sign-in", () => {
  expect(fidoPrompt("sign-in", "login.example.com").draw({ columns: 21, rows: 6 }, 0)).toEqual([
    [
      "FIDO2 sign-in        ",
      "> login.example.com  ",
      "                     ",
      "                     ",
      "not a transaction    ",
      "X no           yes OK",
    ],
  ]);
});

test("of a long name the end is shown, which says whose it is", () => {
  const name = `${"a.".repeat(60)}evil.example`;
  const [screen = []] = fidoPrompt("sign-in", name).draw({ columns: 21, rows: 6 }, 0);
  const shown = screen.slice(1, 4).map((row) => row.slice(2).trimEnd());
  expect(shown.join("").startsWith("…")).toBe(true);
  expect(name.endsWith(shown.join("").slice(1))).toBe(true);
});

describe.each(GOLDEN_SIZES)("check 22: on $columns x $rows", (size) => {
  const { columns, rows } = size;

  test.each(HOSTILE)("no name makes the page of a sign-in one of a transaction: %j", (rpId) => {
    const transactions = KIND_SAMPLES.flatMap(({ content }) => transactionPages(content, "AMBER TIGER", size));
    const firstRows = new Set(transactions.map((page) => page[0]));
    for (const screen of rowsOf(rpId, size)) {
      expect(screen).toHaveLength(rows);
      expect(screen.every((row) => [...row].length === columns)).toBe(true);
      expect(firstRows).not.toContain(screen[0]);
      expect(screen[0]).toMatch(/FIDO2|^ /);
      // What the host named stands behind the mark, or is not drawn.
      const named = screen.filter((row) => /acme|pay|amber|eur|signed|reject/i.test(row));
      expect(named.filter((row) => !row.startsWith("> "))).toEqual([]);
    }
  });
});
