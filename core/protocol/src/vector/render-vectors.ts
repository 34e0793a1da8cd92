import { Kind } from "../kind.ts";
import { Label as L } from "../label.ts";
import { parseLines, renderFields } from "../render.ts";
import { counting } from "./fixture.ts";
import { type FieldNotation, fieldOf, write } from "./notation.ts";
import { type Named, type Refused, refusalOf, type Suite } from "./suite.ts";

interface Accept extends Named {
  readonly kind: Kind;
  readonly fields: readonly FieldNotation[];
  /** `label value`, one string a line. */
  readonly lines: string;
}

interface Reject extends Refused {
  readonly kind: Kind;
  readonly fields: readonly FieldNotation[];
}

const { text, amount, iban, other, notGiven, date, count, digest, payment } = write;
const IBAN = "DE89370400440532013000";
const toMueller = text(L.TO, "M\u00fcller GmbH");
const account = iban(L.ACCOUNT, IBAN);
const eur = amount(L.AMOUNT, "EUR", "125000");
const pay = (...more: FieldNotation[]): FieldNotation[] => [eur, toMueller, account, ...more];
const sha = digest(L.DIGEST, counting(32));
const line1 = payment(L.PAYMENT, "EUR", "1000", { iban: IBAN }, "M\u00fcller GmbH");
const line2 = payment(L.PAYMENT, "EUR", "2050", { other: "12345678" }, "Ada |Co");
const batch = (total: string, n: number, ...more: FieldNotation[]): FieldNotation[] => {
  return [line1, line2, amount(L.TOTAL, "EUR", total), count(L.COUNT, n), ...more];
};

type Row = readonly [name: string, kind: Kind, fields: readonly FieldNotation[]];

const ACCEPT: readonly Row[] = [
  ["a payment", Kind.PAY, pay()],
  [
    "a payment with all there is",
    Kind.PAY,
    pay(
      text(L.BANK, "COBADEFFXXX"),
      text(L.REFERENCE, "Invoice 2026-114"),
      date(L.DATE, "2028-02-29"),
      iban(L.FROM, "GB29NWBK60161331926819"),
      amount(L.FEE, "EUR", "150"),
      amount(L.TOTAL, "EUR", "125150"),
    ),
  ],
  [
    "a fee in another currency",
    Kind.PAY,
    pay(amount(L.FEE, "USD", "100"), amount(L.TOTAL, "EUR", "125000"), amount(L.TOTAL, "USD", "100")),
  ],
  ["yen have no decimals", Kind.TRANSFER, [amount(L.AMOUNT, "JPY", "2500"), account]],
  ["dinars have three decimals", Kind.TRANSFER, [amount(L.AMOUNT, "KWD", "1250000"), account]],
  ["less than one", Kind.TRANSFER, [amount(L.AMOUNT, "EUR", "7"), account]],
  [
    "18 decimals",
    Kind.TRANSFER,
    [amount(L.AMOUNT, "ETH", "1"), other(L.ACCOUNT, "0x52908400098527886E0F7030069857D2")],
  ],
  ["30 digits", Kind.TRANSFER, [amount(L.AMOUNT, "ETH", "9".repeat(30)), account]],
  ["8 decimals", Kind.TRANSFER, [amount(L.AMOUNT, "BTC", "2100000000000000"), account]],
  ["no account given", Kind.PAY, [eur, toMueller, notGiven(L.ACCOUNT)]],
  ["an IBAN with a last group of one", Kind.TRANSFER, [eur, iban(L.ACCOUNT, "MT84MALT011000012345MTLCAST001S")]],
  ["a batch", Kind.PAY, batch("3050", 2)],
  [
    "a batch in two currencies",
    Kind.PAY,
    [
      line1,
      payment(L.PAYMENT, "JPY", "500", { notGiven: true }, "\u0141\u00f3d\u017a"),
      amount(L.TOTAL, "EUR", "1000"),
      amount(L.TOTAL, "JPY", "500"),
      count(L.COUNT, 2),
    ],
  ],
  ["a deployment", Kind.DEPLOY, [text(L.TARGET, "prod/eu-1"), text(L.VERSION, "v2.4.1+7"), sha]],
  [
    "a command, one argument a line",
    Kind.RUN,
    [
      text(L.HOST, "db1.example"),
      text(L.COMMAND, "/usr/bin/rm"),
      text(L.ARGUMENT, "-rf"),
      text(L.ARGUMENT, "/var/x y"),
      sha,
    ],
  ],
  ["a right for a user", Kind.GRANT, [text(L.ROLE, "auditor"), text(L.USER, "ada"), date(L.VALID_UNTIL, "9999-12-31")]],
  ["a right for a person", Kind.GRANT, [text(L.ROLE, "auditor"), text(L.TO, "Ada")]],
  ["a log-in", Kind.LOGIN, [text(L.HOST, "db1.example")]],
  ["a signature", Kind.SIGN, [text(L.PURPOSE, "Contract 17"), sha]],
  ["an approval with a limit of nothing", Kind.APPROVE, [text(L.ACTION, "Close"), amount(L.LIMIT, "EUR", "0")]],
  ["a count of things", Kind.APPROVE, [text(L.ACTION, "Erase"), count(L.COUNT, 4_294_967_295)]],
  ["a link", Kind.LINK, [text(L.CHANNEL, "telegram"), text(L.ADDRESS, "123456789")]],
  [
    "24 lines",
    Kind.RUN,
    [text(L.HOST, "a"), text(L.COMMAND, "b"), sha, ...Array.from({ length: 21 }, (_, i) => text(L.ARGUMENT, `${i}`))],
  ],
  ["140 code points", Kind.APPROVE, [text(L.ACTION, "\u00fc".repeat(140))]],
];

type RejectRow = readonly [name: string, because: string, kind: number, fields: readonly FieldNotation[]];
const approve = (...more: FieldNotation[]): FieldNotation[] => [text(L.ACTION, "Close"), ...more];
const transfer = (field: FieldNotation): FieldNotation[] => [eur, account, field];

const REJECT: readonly RejectRow[] = [
  ["an unknown kind", "unknown-kind", 9, approve()],
  ["kind 0", "unknown-kind", 0, approve()],
  [
    "an unknown label",
    "unknown-label",
    Kind.APPROVE,
    [...approve(), { label: 31 as L, value: { type: "text", text: "x" } }],
  ],
  ["label 0", "unknown-label", Kind.APPROVE, [...approve(), { label: 0 as L, value: { type: "text", text: "x" } }]],
  ["no fields", "too-many-lines", Kind.APPROVE, []],
  ["25 lines", "too-many-lines", Kind.RUN, Array.from({ length: 25 }, () => text(L.ARGUMENT, "x"))],
  ["two amounts", "repeated-label", Kind.PAY, pay(eur)],
  ["two payees", "repeated-label", Kind.PAY, pay(toMueller)],
  ["a channel outside the core's kinds", "reserved-label", Kind.APPROVE, approve(text(L.CHANNEL, "telegram"))],
  ["a payment without account", "missing-label", Kind.PAY, [eur, toMueller]],
  ["a batch without count", "missing-label", Kind.PAY, [line1, amount(L.TOTAL, "EUR", "1000")]],
  ["a deployment without digest", "missing-label", Kind.DEPLOY, [text(L.TARGET, "a"), text(L.VERSION, "1")]],
  ["a command without digest", "missing-label", Kind.RUN, [text(L.HOST, "a"), text(L.COMMAND, "b")]],
  ["a right for nobody", "missing-label", Kind.GRANT, [text(L.ROLE, "auditor")]],
  ["text for an amount", "wrong-type", Kind.APPROVE, approve(text(L.LIMIT, "EUR 1.00"))],
  ["an amount for a text", "wrong-type", Kind.APPROVE, approve(amount(L.PURPOSE, "EUR", "1"))],
  ["text for an account", "wrong-type", Kind.PAY, [eur, toMueller, text(L.ACCOUNT, IBAN)]],
  ["a negative amount", "bad-amount", Kind.TRANSFER, [amount(L.AMOUNT, "EUR", "-1"), account]],
  ["31 digits", "bad-amount", Kind.TRANSFER, [amount(L.AMOUNT, "EUR", `1${"0".repeat(30)}`), account]],
  ["a currency that is none", "bad-amount", Kind.TRANSFER, [amount(L.AMOUNT, "XXX", "1"), account]],
  ["a currency in lower case", "bad-amount", Kind.TRANSFER, [amount(L.AMOUNT, "eur", "1"), account]],
  ["a withdrawn currency", "bad-amount", Kind.TRANSFER, [amount(L.AMOUNT, "DEM", "1"), account]],
  [
    "a currency named like a member of objects",
    "bad-amount",
    Kind.TRANSFER,
    [amount(L.AMOUNT, "constructor", "1"), account],
  ],
  ["a payment of nothing", "bad-amount", Kind.PAY, [amount(L.AMOUNT, "EUR", "0"), toMueller, account]],
  [
    "a payment of nothing in a batch",
    "bad-amount",
    Kind.PAY,
    [payment(L.PAYMENT, "EUR", "0", { iban: IBAN }, "A"), amount(L.TOTAL, "EUR", "0"), count(L.COUNT, 1)],
  ],
  ["an IBAN with a wrong check digit", "bad-account", Kind.TRANSFER, [eur, iban(L.ACCOUNT, "DE88370400440532013000")]],
  ["an IBAN that is too short", "bad-account", Kind.TRANSFER, [eur, iban(L.ACCOUNT, "DE8937040044053201300")]],
  ["an IBAN in lower case", "bad-account", Kind.TRANSFER, [eur, iban(L.ACCOUNT, IBAN.toLowerCase())]],
  ["an IBAN with spaces", "bad-account", Kind.TRANSFER, [eur, iban(L.ACCOUNT, "DE89 3704 0044 0532 0130 00")]],
  ["an IBAN as another account", "bad-account", Kind.TRANSFER, [eur, other(L.ACCOUNT, IBAN)]],
  [
    "a mistyped IBAN as another account",
    "bad-account",
    Kind.TRANSFER,
    [eur, other(L.ACCOUNT, "DE88370400440532013000")],
  ],
  ["an IBAN in disguise", "bad-account", Kind.TRANSFER, [eur, other(L.ACCOUNT, "de89-3704-0044-0532-0130-00")]],
  ["an account with a space", "bad-account", Kind.TRANSFER, [eur, other(L.ACCOUNT, "12 34")]],
  ["an account with a bar", "bad-account", Kind.TRANSFER, [eur, other(L.ACCOUNT, "12|34")]],
  ["an account of 35 characters", "bad-account", Kind.TRANSFER, [eur, other(L.ACCOUNT, "1".repeat(35))]],
  ["an account beyond ASCII", "bad-account", Kind.TRANSFER, [eur, other(L.ACCOUNT, "\u0661\u0662")]],
  ["an empty account", "bad-account", Kind.TRANSFER, [eur, other(L.ACCOUNT, "")]],
  [
    "a payee that divides the line",
    "bad-payee",
    Kind.PAY,
    [payment(L.PAYMENT, "EUR", "1", { iban: IBAN }, "A | B"), amount(L.TOTAL, "EUR", "1"), count(L.COUNT, 1)],
  ],
  [
    "a payment line of 141 code points",
    "too-long",
    Kind.PAY,
    [
      payment(L.PAYMENT, "EUR", "100", { iban: IBAN }, "a".repeat(100)),
      amount(L.TOTAL, "EUR", "100"),
      count(L.COUNT, 1),
    ],
  ],
  ["a total that is too low", "bad-total", Kind.PAY, batch("3049", 2)],
  ["a count that is too low", "bad-total", Kind.PAY, batch("3050", 1)],
  ["an amount beside payment lines", "bad-total", Kind.PAY, batch("3050", 2, eur)],
  ["a second total", "bad-total", Kind.PAY, batch("3050", 2, amount(L.TOTAL, "EUR", "3050"))],
  ["a total without payments", "bad-total", Kind.PAY, batch("3050", 2, amount(L.TOTAL, "USD", "5"))],
  [
    "a currency without total",
    "bad-total",
    Kind.PAY,
    [line1, payment(L.PAYMENT, "USD", "1", { notGiven: true }, "B"), amount(L.TOTAL, "EUR", "1000"), count(L.COUNT, 2)],
  ],
  [
    "a total that leaves out the fee",
    "bad-total",
    Kind.PAY,
    pay(amount(L.FEE, "EUR", "1"), amount(L.TOTAL, "EUR", "125000")),
  ],
  ["a count beside a single payment", "bad-total", Kind.PAY, pay(count(L.COUNT, 1))],
  ["30 February", "bad-date", Kind.PAY, pay(date(L.DATE, "2026-02-30"))],
  ["29 February of a common year", "bad-date", Kind.PAY, pay(date(L.DATE, "2100-02-29"))],
  ["month 13", "bad-date", Kind.PAY, pay(date(L.DATE, "2026-13-01"))],
  ["day 0", "bad-date", Kind.PAY, pay(date(L.DATE, "2026-01-00"))],
  ["a date in another order", "bad-date", Kind.PAY, pay(date(L.DATE, "01.02.2026"))],
  ["a date with a time", "bad-date", Kind.PAY, pay(date(L.DATE, "2026-01-01T00:00"))],
  ["a count below 0", "bad-count", Kind.APPROVE, approve(count(L.COUNT, -1))],
  ["a count that is no integer", "bad-count", Kind.APPROVE, approve(count(L.COUNT, 1.5))],
  ["a count above 32 bits", "bad-count", Kind.APPROVE, approve(count(L.COUNT, 4_294_967_296))],
  ["a digest of 31 bytes", "bad-digest", Kind.SIGN, [text(L.PURPOSE, "x"), digest(L.DIGEST, counting(31))]],
  ["141 code points", "too-long", Kind.APPROVE, [text(L.ACTION, "a".repeat(141))]],
  ["a host beyond ASCII", "unsafe-text", Kind.LOGIN, [text(L.HOST, "b\u00fccher.example")]],
  ["a payee with a bidi control", "unsafe-text", Kind.PAY, [eur, text(L.TO, "a\u202eb"), account]],
  [
    "a payee of a batch with a newline",
    "unsafe-text",
    Kind.PAY,
    [payment(L.PAYMENT, "EUR", "1", { iban: IBAN }, "A\nB"), amount(L.TOTAL, "EUR", "1"), count(L.COUNT, 1)],
  ],
  ["an empty text", "unsafe-text", Kind.TRANSFER, transfer(text(L.REFERENCE, ""))],
];

/** Typed fields to lines. */
export const renderVectors: Suite<Accept, Reject> = {
  name: "render",
  spec: "docs/protocol/content.md section 3",
  about:
    "accept: rendering `fields` gives `lines` (label, space, value, joined by newlines); parsing those gives the fields " +
    "back. reject: rendering is refused with the code `because`.",
  build: () => ({
    accept: ACCEPT.map(([name, kind, fields]) => ({ name, kind, fields, lines: linesOf(kind, fields) })),
    reject: REJECT.map(([name, because, kind, fields]) => ({ name, kind: kind as Kind, fields, because })),
  }),
  accept: ({ kind, fields }) => {
    const lines = renderFields(kind, fields.map(fieldOf));
    const again = renderFields(kind, parseLines(kind, lines));
    return { lines: joined(JSON.stringify(again) === JSON.stringify(lines) ? lines : []) };
  },
  reject: ({ kind, fields }) => refusalOf(() => renderFields(kind, fields.map(fieldOf))),
};

function linesOf(kind: Kind, fields: readonly FieldNotation[]): string {
  return joined(renderFields(kind, fields.map(fieldOf)));
}

function joined(lines: readonly { readonly label: L; readonly value: string }[]): string {
  return lines.map(({ label, value }) => `${label} ${value}`).join("\n");
}
