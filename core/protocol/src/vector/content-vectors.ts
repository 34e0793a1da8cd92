import { fromHex, toHex } from "../bytes.ts";
import { type Content, decodeContent, encodeContent } from "../content.ts";
import { type CborValue, encodeCbor } from "../det-cbor.ts";
import { Kind } from "../kind.ts";
import { Label as L } from "../label.ts";
import { patched } from "./fixture.ts";
import { type Named, type Refused, refusalOf, type Suite } from "./suite.ts";

interface Accept extends Named {
  readonly content: Content;
  readonly bytes: string;
}

interface Reject extends Refused {
  readonly bytes: string;
}

type Rows = readonly (readonly [number, string])[];

const PAY: Rows = [
  [L.AMOUNT, "EUR 1 250.00"],
  [L.TO, "M\u00fcller GmbH"],
  [L.ACCOUNT, "DE89 3704 0044 0532 0130 00"],
];
const ACTION: Rows = [[L.ACTION, "Close the books"]];
const DIGEST = "00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e1f";

/** The content of most other vectors. */
export const EXAMPLE: Content = contentOf("Musterbank", Kind.PAY, PAY);
/** The same with another payee. */
export const OTHER: Content = contentOf("Musterbank", Kind.PAY, [PAY[0]!, [L.TO, "Mallory GmbH"], PAY[2]!]);

const ACCEPT: readonly (readonly [name: string, content: Content])[] = [
  ["a payment", EXAMPLE],
  ["the same payment to somebody else", OTHER],
  [
    "a batch",
    contentOf("Musterbank", Kind.PAY, [
      [L.PAYMENT, "EUR 10.00 | DE89 3704 0044 0532 0130 00 | M\u00fcller GmbH"],
      [L.PAYMENT, "EUR 20.50 | 12345678 | Ada"],
      [L.TOTAL, "EUR 30.50"],
      [L.COUNT, "2"],
    ]),
  ],
  [
    "a command",
    contentOf("ops", Kind.RUN, [
      [L.HOST, "db1"],
      [L.COMMAND, "reboot"],
      [L.DIGEST, DIGEST],
    ]),
  ],
  ["an issuer of 20 columns", contentOf("a".repeat(20), Kind.APPROVE, ACTION)],
  ["an issuer of ten wide characters", contentOf("\u6c34".repeat(10), Kind.APPROVE, ACTION)],
  [
    "a kind of the core",
    contentOf("Countersign", Kind.LINK, [
      [L.CHANNEL, "telegram"],
      [L.ADDRESS, "123456789"],
    ]),
  ],
  ["a repeated payment", contentOf("Musterbank", Kind.PAY, [...PAY, [L.REPEAT, "of AMBER TIGER"]])],
  ["the longest value", contentOf("a", Kind.APPROVE, [[L.ACTION, "\u{20000}".repeat(140)]])],
];

type Row = readonly [name: string, because: string, bytes: string];
const example = toHex(encodeContent(EXAMPLE));
const lines = (rows: readonly CborValue[], kind = 1, issuer: CborValue = "Musterbank"): string =>
  raw(1, issuer, kind, rows);
const withLine = (label: number, value: string): string => lines([...PAY, [label, value]]);
const approving = (rows: readonly CborValue[]): string => lines([...ACTION, ...rows], Kind.APPROVE);

const REJECT: readonly Row[] = [
  ["no bytes", "not-canonical", ""],
  ["cut short", "not-canonical", example.slice(0, -2)],
  ["a byte after the end", "not-canonical", `${example}00`],
  ["members out of order", "not-canonical", patched(example, "a40101026a", "a4026a")],
  ["a version in two bytes", "not-canonical", patched(example, "a40101", "a4011801")],
  ["an indefinite array of lines", "not-canonical", `${patched(example, "0483", "049f")}ff`],
  ["not a map", "bad-field", "80"],
  ["another version", "bad-version", raw(2, "Musterbank", 1, PAY)],
  ["a version that is text", "bad-version", raw("1", "Musterbank", 1, PAY)],
  ["a further member", "bad-field", raw(1, "Musterbank", 1, PAY, [5, 0])],
  ["an issuer that is no text", "bad-field", raw(1, fromHex("00"), 1, PAY)],
  ["lines that are no array", "bad-field", raw(1, "Musterbank", 1, "x")],
  ["a line that is no array", "bad-field", lines(["x"])],
  ["a line of three", "bad-field", lines([[1, "EUR 1.00", "x"]])],
  ["a line without value", "bad-field", lines([[1]])],
  ["a value that is no text", "bad-field", lines([[1, 1]])],
  ["an unknown kind", "unknown-kind", lines(PAY, 99)],
  ["kind 0", "unknown-kind", lines(PAY, 0)],
  ["an unknown label", "unknown-label", withLine(31, "x")],
  ["no lines", "too-many-lines", lines([])],
  ["25 lines", "too-many-lines", lines(Array.from({ length: 25 }, () => [L.ARGUMENT, "x"]))],
  ["a missing label", "missing-label", lines(PAY.slice(1))],
  ["a repeated label", "repeated-label", withLine(L.AMOUNT, "EUR 1.00")],
  ["a channel in an app's kind", "reserved-label", withLine(L.CHANNEL, "telegram")],
  ["an empty issuer", "unsafe-text", lines(PAY, 1, "")],
  ["an issuer of 21 characters", "too-long", lines(PAY, 1, "a".repeat(21))],
  ["an issuer of 22 columns", "too-long", lines(PAY, 1, "\u6c34".repeat(11))],
  ["an issuer with a newline", "unsafe-text", lines(PAY, 1, "Muster\nbank")],
  ["a bidi override in a value", "unsafe-text", withLine(L.REFERENCE, "a\u202eb")],
  ["a decomposed value", "unsafe-text", withLine(L.REFERENCE, "Mu\u0308ller")],
  ["a value beyond ASCII for a host", "unsafe-text", withLine(L.HOST, "h\u00f6st")],
  ["a value with a trailing space", "unsafe-text", withLine(L.REFERENCE, "a ")],
  ["an empty value", "unsafe-text", withLine(L.REFERENCE, "")],
  ["a value of 141 code points", "too-long", withLine(L.REFERENCE, "a".repeat(141))],
  ["1601 bytes", "too-long", tooLong()],
  ["an amount without decimals", "bad-amount", approving([[L.LIMIT, "EUR 1 250"]])],
  ["an amount without groups", "bad-amount", approving([[L.LIMIT, "EUR 1250.00"]])],
  ["an amount with a comma", "bad-amount", approving([[L.LIMIT, "EUR 1,250.00"]])],
  ["an amount with a leading zero", "bad-amount", approving([[L.LIMIT, "EUR 01.00"]])],
  ["an amount with a sign", "bad-amount", approving([[L.LIMIT, "EUR -1.00"]])],
  ["an amount with text after it", "bad-amount", approving([[L.LIMIT, "EUR 1.00 only"]])],
  ["an amount of nothing to pay", "bad-amount", lines([[L.AMOUNT, "EUR 0.00"], ...PAY.slice(1)])],
  ["yen with decimals", "bad-amount", approving([[L.LIMIT, "JPY 1.00"]])],
  [
    "an IBAN in one piece, which reads as another account",
    "bad-account",
    lines([...PAY.slice(0, 2), [L.ACCOUNT, "DE89370400440532013000"]]),
  ],
  ["an IBAN in wrong groups", "bad-account", lines([...PAY.slice(0, 2), [L.ACCOUNT, "DE893704 00440532013000"]])],
  [
    "an IBAN with wrong check digits",
    "bad-account",
    lines([...PAY.slice(0, 2), [L.ACCOUNT, "DE88 3704 0044 0532 0130 00"]]),
  ],
  ["a date that is none", "bad-date", withLine(L.DATE, "2026-02-30")],
  ["a count with a leading zero", "bad-count", approving([[L.COUNT, "02"]])],
  ["a count above 32 bits", "bad-count", approving([[L.COUNT, "4294967296"]])],
  ["a digest in upper case", "bad-digest", approving([[L.DIGEST, DIGEST.toUpperCase()]])],
  ["a digest in one piece", "bad-digest", approving([[L.DIGEST, DIGEST.replaceAll(" ", "")]])],
  [
    "a payment of two parts",
    "bad-payee",
    lines([
      [L.PAYMENT, "EUR 1.00 | none given"],
      [L.TOTAL, "EUR 1.00"],
      [L.COUNT, "1"],
    ]),
  ],
  [
    "a payment of four parts",
    "bad-payee",
    lines([
      [L.PAYMENT, "EUR 1.00 | none given | A | B"],
      [L.TOTAL, "EUR 1.00"],
      [L.COUNT, "1"],
    ]),
  ],
  [
    "a total that disagrees",
    "bad-total",
    lines([
      [L.PAYMENT, "EUR 1.00 | none given | A"],
      [L.TOTAL, "EUR 2.00"],
      [L.COUNT, "1"],
    ]),
  ],
];

/** What is shown and hashed. */
export const contentVectors: Suite<Accept, Reject> = {
  name: "content",
  spec: "docs/protocol/content.md section 5",
  about:
    "accept: `content` encodes to `bytes`, which decode to it. reject: decoding `bytes` is refused with `because`.",
  build: () => ({
    accept: ACCEPT.map(([name, content]) => ({ name, content, bytes: toHex(encodeContent(content)) })),
    reject: REJECT.map(([name, because, bytes]) => ({ name, bytes, because })),
  }),
  accept: ({ content, bytes }) => {
    const [there, back] = [toHex(encodeContent(content)), toHex(encodeContent(decodeContent(fromHex(bytes))))];
    return { bytes: there === back ? there : `${there}, read as ${back}` };
  },
  reject: ({ bytes }) => refusalOf(() => decodeContent(fromHex(bytes))),
};

function contentOf(issuer: string, kind: Kind, rows: Rows): Content {
  return { version: 1, issuer, kind, lines: rows.map(([label, value]) => ({ label: label as L, value })) };
}

function raw(version: CborValue, issuer: CborValue, kind: number, rows: CborValue, more?: [number, CborValue]): string {
  const members: [number, CborValue][] = [
    [1, version],
    [2, issuer],
    [3, kind],
    [4, rows],
  ];
  if (more !== undefined) members.push(more);
  return toHex(encodeCbor(new Map(members)));
}

function tooLong(): string {
  const details = Array.from({ length: 8 }, (_, i) => [L.DETAIL_1 + i, "\u00fc".repeat(92)]);
  const short = raw(1, "Musterbank", Kind.APPROVE, [...ACTION, ...details]).length / 2;
  return raw(1, "Musterbank", Kind.APPROVE, [...ACTION, [L.REFERENCE, "a".repeat(1601 - short - 4)], ...details]);
}
