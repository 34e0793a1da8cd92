import { expect, test } from "@jest/globals";
import {
  type Content,
  decodeContent,
  Kind,
  kindName,
  Label,
  labelName,
  MAX_CONTENT,
  utf8,
} from "@countersign/protocol";
import fc from "fast-check";
import { paymentContent } from "../testing/bench.ts";
import { type ReadTransaction, readTransaction } from "../testing/read-pages.ts";
import { SIZES } from "../testing/size-grid.ts";
import { type DisplaySize, SMALLEST, USUAL } from "./display-size.ts";
import { layTransaction, transactionPages } from "./transaction-pages.ts";
import { describeUnusual } from "./unusual.ts";

const TAG = "AMBER TIGER";

function approval(lines: readonly string[], issuer = "Acme Bank"): Content {
  return {
    version: 1,
    issuer,
    kind: Kind.APPROVE,
    lines: lines.map((value, at) => ({ label: (Label.DETAIL_1 + at) as Label, value })),
  };
}

/** What a careful person reads off the pages, all of them of the right size. */
function readBack(content: Content, tag: string, size: DisplaySize): ReadTransaction {
  const layout = layTransaction(content, tag, size);
  for (const page of layout.pages) {
    const isWhole = page.length === size.rows && page.every((row) => Array.from(row).length === size.columns);
    if (!isWhole) throw new Error(`not ${size.columns}x${size.rows}: ${JSON.stringify(page)}`);
  }
  return readTransaction(layout, size);
}

/** What he must have read. */
function all(content: Content, tag: string): ReadTransaction {
  const texts = [content.issuer, ...content.lines.map(({ value }) => value)];
  return {
    kind: kindName(content.kind).toUpperCase(),
    issuer: content.issuer,
    tag,
    lines: content.lines.map(({ label, value }) => ({ label: labelName(label), value })),
    unusual: texts.flatMap((text, after) => {
      const found = describeUnusual(text).join("  ");
      return found === "" ? [] : [{ after, text: found }];
    }),
  };
}

test("claim 07: the storyboard's payment, page by page", () => {
  const pages = transactionPages(decodeContent(paymentContent()), TAG, USUAL);
  expect(pages.map((rows) => rows.join("\n"))).toEqual([
    "1/4 PAY     Acme Bank\nAmount               \nEUR 1 250.00         \n                     \nAMBER TIGER          \nX reject       next ▶",
    "2/4 PAY     Acme Bank\nTo                   \nMüller GmbH          \n                     \nAMBER TIGER          \nX reject ◀ back next▶",
    "3/4 PAY     Acme Bank\nAccount              \nDE89 3704 0044 0532  \n0130 00              \nAMBER TIGER          \nX reject ◀ back next▶",
    "4/4 PAY     Acme Bank\nReference            \nInvoice 2026-114     \n                     \nAMBER TIGER          \nX reject ◀ back next▶",
  ]);
});

test("claim 07: the same on two rows of sixteen: the first row is the key's own on every page", () => {
  const pages = transactionPages(
    decodeContent(paymentContent("Müller & Söhne Großhandel", "Sparkasse Überlingen")),
    TAG,
    SMALLEST,
  );
  expect(pages.map((rows) => rows.map((each) => each.trimEnd()))).toEqual([
    ["1/9 PAY        ▶", "Sparkasse"],
    ["2/9 PAY", "Überlingen"],
    ["3/9 Tag", "AMBER TIGER"],
    ["4/9 Amount", "EUR 1 250.00"],
    ["5/9 To         ▶", "Müller & Söhne"],
    ["6/9 To", "Großhandel"],
    ["7/9 Account    ▶", "DE89 3704 0044"],
    ["8/9 Account", "0532 0130 00"],
    ["9/9 Reference", "Invoice 2026-114"],
  ]);
});

test("claim 07: an issuer of 20 columns has a row of its own and values wrap over more pages", () => {
  const issuer = "Sparkasse Überlingen";
  const pages = transactionPages(decodeContent(paymentContent("Müller & Söhne Großhandel", issuer)), TAG, USUAL);
  expect(pages.every((rows) => rows[1] === ` ${issuer}`)).toBe(true);
  const labels = ["Amount", "To 1/2", "To 2/2", "Account 1/2", "Account 2/2", "Reference"];
  expect(pages.map((rows) => rows[2]?.trim())).toEqual(labels);
});

const word = fc.string({ unit: fc.constantFrom(..."abcÄöß019/-.:łıđ·"), minLength: 1, maxLength: 60 });
const value = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(" ").slice(0, 140).trim());
const issuerName = fc.string({ unit: fc.constantFrom(..."abcÄößł"), minLength: 1, maxLength: 20 });
const displaySize = fc.constantFrom(...SIZES);

test("claim 07: every label and value is complete over the pages, byte for byte, whatever their length and the display", () => {
  fc.assert(
    fc.property(issuerName, fc.array(value, { minLength: 1, maxLength: 8 }), displaySize, (name, values, size) => {
      const content = approval(values, name);
      expect(readBack(content, TAG, size)).toEqual(all(content, TAG));
    }),
    { numRuns: 400 },
  );
});

test("claim 07: on every display from 16x2 to 40x20: a payment, the longest names, the most lines, the longest tag", () => {
  const longest = "GIRAFFE LEOPARD";
  const many = Array.from({ length: 24 }, () => ({ label: Label.ENVIRONMENT, value: "x".repeat(60) }));
  const wide: Content = { version: 1, issuer: "Sparkasse Überlingen", kind: Kind.REVOKE, lines: many };
  const contents = [
    decodeContent(paymentContent("Paweł Müller & Söhne Großhandel GmbH")),
    wide,
    approval(["y".repeat(140), "z ".repeat(69).trim(), "ŧ".repeat(140)]),
  ];
  for (const content of contents) {
    for (const size of SIZES) expect(readBack(content, longest, size)).toEqual(all(content, longest));
  }
});

test("claim 07: the most pages that content of its full length can take still have their numbers, on 16x2", () => {
  const lines = Array.from({ length: 20 }, () => ({ label: Label.ENVIRONMENT, value: "xxxxxxxxx ".repeat(8).trim() }));
  expect(lines.reduce((sum, line) => sum + utf8(line.value).length, 0)).toBeGreaterThan(MAX_CONTENT - 40);
  const content: Content = { version: 1, issuer: "Sparkasse Überlingen", kind: Kind.REVOKE, lines };
  expect(readBack(content, TAG, SMALLEST)).toEqual(all(content, TAG));
  expect(transactionPages(content, TAG, SMALLEST).length).toBeGreaterThan(150);
});

test("claim 07: kind, page number, issuer and tag stand where no field can reach, on every display", () => {
  const forged = ["2/2 GRANT Evil Bank", `2/9 Tag ${TAG}`, "1/1 PAY Acme Bank", "Unusual", "Amount"];
  for (const size of SIZES) {
    const honest = layTransaction(approval(["x", "x", "x", "x", "x"]), TAG, size);
    const tried = layTransaction(approval(forged), TAG, size);
    expect(readBack(approval(forged), TAG, size)).toEqual(all(approval(forged), TAG));
    // What is the key's own is the same on both, but for the numbers of pages.
    const own = (layout: typeof honest): Set<string> =>
      new Set(
        layout.pages
          .flatMap((rows) => [...rows.slice(0, layout.above), ...rows.slice(size.rows - layout.below)])
          .map(numberless),
      );
    expect(own(tried)).toEqual(own(honest));
  }
});

function numberless(row: string): string {
  return row
    .replace(/^\d+(?:\/\d+)? /, "# ")
    .replaceAll(/ \d+\/\d+ *$/g, "")
    .replace("▶", "")
    .replaceAll(/ +/g, " ")
    .trim();
}

test("claim 07: what is unusual stands on a page of its own right behind its value; the value's pages stay as they are", () => {
  const pages = transactionPages(approval(["Paweł Łukasz", "Pawel Lukasz"]), TAG, USUAL);
  expect(pages.map((rows) => rows.slice(1, 3).map((each) => each.trim()))).toEqual([
    ["Detail 1", "Paweł Łukasz"],
    ["Unusual", "ł U+0142  Ł U+0141"],
    ["Detail 2", "Pawel Lukasz"],
  ]);
});

test("check 22: every kind has a first row of its own, on every display", () => {
  const content = decodeContent(paymentContent());
  for (const size of SIZES) {
    const heads = Object.values(Kind).map((kind) => transactionPages({ ...content, kind }, TAG, size)[0]?.[0]);
    expect(new Set(heads).size).toBe(heads.length);
  }
});
