import { expect, test } from "@jest/globals";
import { type Content, decodeContent, Kind, kindName, Label, labelName } from "@countersign/protocol";
import fc from "fast-check";
import { paymentContent } from "../testing/bench.ts";
import { COLUMNS, unwrap } from "./layout.ts";
import { transactionPages } from "./transaction-pages.ts";

const TAG = "AMBER TIGER";

test("claim 07: the storyboard's payment, page by page", () => {
  const pages = transactionPages(decodeContent(paymentContent()), TAG);
  expect(pages.map((rows) => rows.join("\n"))).toEqual([
    "1/4 PAY     Acme Bank\nAmount               \nEUR 1 250.00         \n                     \nAMBER TIGER          \nX reject       next ▶",
    "2/4 PAY     Acme Bank\nTo                   \nMüller GmbH          \n                     \nAMBER TIGER          \nX reject ◀ back next▶",
    "3/4 PAY     Acme Bank\nAccount              \nDE89 3704 0044 0532  \n0130 00              \nAMBER TIGER          \nX reject ◀ back next▶",
    "4/4 PAY     Acme Bank\nReference            \nInvoice 2026-114     \n                     \nAMBER TIGER          \nX reject ◀ back next▶",
  ]);
});

test("claim 07: an issuer of 20 columns has a row of its own and values wrap over more pages", () => {
  const issuer = "Sparkasse Überlingen";
  const pages = transactionPages(decodeContent(paymentContent("Müller & Söhne Großhandel", issuer)), TAG);
  expect(pages.every((rows) => rows[1] === ` ${issuer}`)).toBe(true);
  expect(pages.map((rows) => rows[2]?.trim())).toEqual([
    "Amount",
    "To 1/2",
    "To 2/2",
    "Account 1/2",
    "Account 2/2",
    "Reference",
  ]);
});

// What a careful person does: notes kind, issuer and, label by label, the value over all its pages.
function readBack(pages: readonly (readonly string[])[], issuerInOwnRow: boolean): { label: string; value: string }[] {
  const lines: { label: string; rows: string[] }[] = [];
  for (const rows of pages) {
    const at = issuerInOwnRow ? 2 : 1;
    const [name = "", part] = (rows[at] ?? "").trim().split(/ (?=\d+\/\d+$)/);
    const value = rows.slice(at + 1, 4);
    if (part === undefined || part.startsWith("1/")) lines.push({ label: name, rows: [...value] });
    else lines.at(-1)?.rows.push(...value);
  }
  return lines.map(({ label, rows }) => ({ label, value: unwrap(rows.filter((each) => each.trim() !== "")) }));
}

test("claim 07: every label and value is complete over the pages, whatever their length", () => {
  const word = fc.string({ unit: fc.constantFrom(..."abcÄöß019/-.:"), minLength: 1, maxLength: 30 });
  const value = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(" ").slice(0, 140).trim());
  const issuer = fc.string({ unit: fc.constantFrom(..."abcÄöß"), minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(issuer, fc.array(value, { minLength: 1, maxLength: 8 }), (name, values) => {
      const lines = values.map((each, at) => ({ label: (Label.DETAIL_1 + at) as Label, value: each }));
      const content: Content = { version: 1, issuer: name, kind: Kind.APPROVE, lines };
      const pages = transactionPages(content, TAG);
      expect(pages.flat().every((row) => [...row].length === COLUMNS)).toBe(true);
      const own = pages[0]?.[1]?.trim() === name && pages[0]?.[0]?.includes(name) === false;
      expect(readBack(pages, own)).toEqual(lines.map((line) => ({ label: labelName(line.label), value: line.value })));
    }),
  );
});

test("claim 07: kind, page number, issuer and tag stand where no field can reach", () => {
  const forged = "2/2 GRANT   Evil Bank";
  const lines = [{ label: Label.DETAIL_1, value: `${forged} ${TAG}` }];
  const content: Content = { version: 1, issuer: "Acme Bank", kind: Kind.APPROVE, lines };
  for (const [at, rows] of transactionPages(content, TAG).entries()) {
    expect(rows[0]).toMatch(new RegExp(`^${at + 1}/\\d ${kindName(Kind.APPROVE).toUpperCase()} +Acme Bank$`));
    expect(rows[4]?.trim()).toBe(TAG);
    expect(rows[5]).toMatch(/^X reject/);
  }
});

test("check 22: every kind has a first row of its own", () => {
  const content = decodeContent(paymentContent());
  const heads = Object.values(Kind).map((kind) => transactionPages({ ...content, kind }, TAG)[0]?.[0]);
  expect(new Set(heads).size).toBe(heads.length);
});
