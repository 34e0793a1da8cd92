import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { isRepeatable, Label, labelName } from "@countersign/protocol";
import { ROOT } from "@countersign/testing";
import {
  bicAgent,
  IBAN,
  painXml,
  reference,
  type FileXml,
  type GroupXml,
  type PaymentXml,
} from "./testing/pain-xml.ts";
import { PaymentFileError, type Finding } from "./finding.ts";
import { readPaymentFile } from "./read-payment-file.ts";

const SHARED = join(ROOT, "../shared/data/pain001");
/** Lines repeat from payment to payment; a protocol that does not let them refuses the batch, and for nothing else. */
const REPEATS = isRepeatable(Label.REFERENCE);
const ONLY_ONCE = expect.stringContaining("only once");

function linesOf(bytes: Uint8Array): string[] {
  const { lines } = readPaymentFile(bytes);
  return lines.filter(({ label }) => label !== Label.DIGEST).map(({ label, value }) => `${labelName(label)}: ${value}`);
}

function findingsOf(bytes: Uint8Array): readonly Finding[] {
  try {
    readPaymentFile(bytes);
  } catch (error) {
    if (error instanceof PaymentFileError) return error.findings;
    throw error;
  }
  return [];
}

const one = (payment: PaymentXml, group: GroupXml = {}): FileXml => ({ groups: [{ ...group, payments: [payment] }] });

describe("a single payment", () => {
  test.each(["pain.001.001.03", "pain.001.001.09"])("of %s is shown line by line", (version) => {
    const file = painXml({ version, groups: [{ payments: [{ after: reference("Invoice 2026-114") }] }] });
    expect(linesOf(file)).toEqual([
      "Amount: EUR 1 250.00",
      "To: Müller GmbH",
      "Account: DE89 3704 0044 0532 0130 00",
      "Reference: Invoice 2026-114",
      "From: AT61 1904 3002 3457 3201",
      "Date: 2026-11-30",
    ]);
  });

  test.each<[string, PaymentXml, string]>([
    ["no decimals", { amount: "2500", currency: "JPY" }, "Amount: JPY 2 500"],
    ["three decimals", { amount: "1250.125", currency: "KWD" }, "Amount: KWD 1 250.125"],
    ["18 digits", { amount: "9999999999999999.99" }, "Amount: EUR 9 999 999 999 999 999.99"],
    ["fewer decimals than the currency has", { amount: "1250.5" }, "Amount: EUR 1 250.50"],
    ["the smallest amount", { amount: "0.01" }, "Amount: EUR 0.01"],
    ["an ampersand", { name: "O&apos;Brien &amp; Sons" }, "To: O'Brien & Sons"],
    [
      "another account",
      { account: "<Id><Othr><Id>0045612398</Id></Othr></Id>", agent: bicAgent("CHASUS33") },
      "Account: 0045612398",
    ],
    [
      "its bank",
      { account: "<Id><Othr><Id>0045612398</Id></Othr></Id>", agent: bicAgent("CHASUS33") },
      "Bank: CHASUS33",
    ],
    ["a BIC of another country than the IBAN", { agent: bicAgent("ABNANL2A") }, "Bank: ABNANL2A"],
    ["an absent account", { account: "<Id/>", agent: bicAgent("CHASUS33") }, "Account: none given"],
    [
      "its payee's address",
      {
        account: "<Id/>",
        agent: bicAgent("CHASUS33"),
        creditor: "<PstlAdr><TwnNm>Tokyo</TwnNm><Ctry>JP</Ctry></PstlAdr>",
      },
      "Detail 2: Tokyo, JP",
    ],
    [
      "a clearing number",
      {
        agent:
          "<CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>021000021</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>",
      },
      "Bank: USABA 021000021",
    ],
    ["a purpose", { after: "<Purp><Cd>RENT</Cd></Purp>" }, "Purpose: RENT"],
    [
      "a creditor reference",
      { after: "<RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>" },
      "Reference: RF18539007547034",
    ],
    ["an urgent payment", { before: "<PmtTpInf><SvcLvl><Cd>URGP</Cd></SvcLvl></PmtTpInf>" }, "Detail 1: service URGP"],
    [
      "an instant payment",
      { before: "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>INST</Cd></LclInstrm></PmtTpInf>" },
      "Detail 1: instrument INST",
    ],
  ])("shows %s", (_name, payment, line) => {
    expect(linesOf(painXml(one(payment)))).toContain(line);
  });

  test("does not repeat a bank that the IBAN tells", () => {
    const lines = linesOf(painXml(one({ agent: bicAgent("COBADEFF") })));
    expect(lines.some((line) => line.startsWith("Bank"))).toBe(false);
  });
});

test("check 10: a batch shows every payee, reference and bank, totals by currency and the count", () => {
  const groups: GroupXml[] = [
    {
      payments: [
        { name: "Anna", amount: "10.00", after: reference("A") },
        { name: "Björn", amount: "5.50", after: reference("B", "C") },
      ],
    },
    { date: "2026-12-15", payments: [{ name: "Zoë", amount: "7", currency: "USD", agent: bicAgent("CHASUS33") }] },
  ];
  const bytes = painXml({ groups });
  const shown = REPEATS ? linesOf(bytes) : findingsOf(bytes).map(({ rule }) => rule);
  expect(shown).toEqual(REPEATS ? BATCH_LINES : [ONLY_ONCE]);
});

const BATCH_LINES = [
  "From: AT61 1904 3002 3457 3201",
  "Date: 2026-11-30",
  "Payment: EUR 10.00 | DE89 3704 0044 0532 0130 00 | Anna",
  "Reference: A",
  "Payment: EUR 5.50 | DE89 3704 0044 0532 0130 00 | Björn",
  "Reference: B",
  "Reference: C",
  "From: AT61 1904 3002 3457 3201",
  "Date: 2026-12-15",
  "Payment: USD 7.00 | DE89 3704 0044 0532 0130 00 | Zoë",
  "Bank: CHASUS33",
  "Total: EUR 15.50",
  "Total: USD 7.00",
  "Count: 3",
];

test("check 10: a batch that does not fit on a key is refused with the advice to split", () => {
  const payments = Array.from({ length: 20 }, (_, i) => ({ name: `Payee ${i}` }));
  const [finding] = findingsOf(painXml({ groups: [{ payments: [...payments, ...payments] }] }));
  expect(finding?.rule).toContain("split");
});

const CDT = "PmtInf[1]/CdtTrfTxInf[1]";
test("check 10: tells where to split: so many payments fit, and not one more", () => {
  const payments = Array.from({ length: 60 }, (_, i) => ({ name: `Payee ${i}`, amount: `${i + 1}.00` }));
  const groups = (count: number) => [{ payments: payments.slice(0, 7) }, { payments: payments.slice(7, count) }];
  const [finding] = findingsOf(painXml({ groups: groups(60) }));
  const fitting = Number(/its first (\d+) payments fit, the next begins in line \d+$/.exec(finding?.rule ?? "")?.[1]);
  expect(fitting).toBeGreaterThan(7);
  expect(() => readPaymentFile(painXml({ groups: groups(fitting) }))).not.toThrow();
  expect(() => readPaymentFile(painXml({ groups: groups(fitting + 1) }))).toThrow("split the file");
});

test.each<[string, FileXml, string, string]>([
  [
    "an IBAN that fails mod 97",
    one({ account: "<Id><IBAN>DE89370400440532013001</IBAN></Id>" }),
    `${CDT}/CdtrAcct/Id/IBAN`,
    "mod 97",
  ],
  [
    "an IBAN of the wrong length",
    one({ account: "<Id><IBAN>DE1234567890123456</IBAN></Id>" }),
    "CdtrAcct/Id/IBAN",
    "wrong length",
  ],
  [
    "an IBAN with spaces",
    one({ account: "<Id><IBAN>DE89 3704 0044 0532 0130 00</IBAN></Id>" }),
    "IBAN",
    "without spaces",
  ],
  ["an IBAN given as another account", one({ account: `<Id><Othr><Id>${IBAN}</Id></Othr></Id>` }), "Othr/Id", "IBAN"],
  [
    "both kinds of account",
    one({ account: `<Id><IBAN>${IBAN}</IBAN><Othr><Id>1</Id></Othr></Id>` }),
    "Othr/Id",
    "leave one",
  ],
  ["no account and no bank", one({ account: "<Id/>" }), CDT, "neither"],
  ["no own account", { groups: [{ debtorAccount: "<Id/>" }] }, "DbtrAcct", "no account"],
  ["a BIC that is none", one({ agent: bicAgent("Bank BIC") }), "FinInstnId/BIC", "no BIC"],
  ["a BIC of the other version", one({ agent: bicAgent("COBADEFF", "BICFI") }), "FinInstnId/BICFI", "no line shows it"],
  ["a zero amount", one({ amount: "0.00" }), `${CDT}/Amt/InstdAmt`, "zero"],
  ["a negative amount", one({ amount: "-5.00" }), "InstdAmt", "negative"],
  ["too many decimals", one({ amount: "1.001" }), "InstdAmt", "more decimals"],
  ["decimals of a currency without", one({ amount: "1.5", currency: "JPY" }), "InstdAmt", "more decimals"],
  ["19 digits", one({ amount: "99999999999999999.99" }), "InstdAmt", "18 digits"],
  ["an exponent", one({ amount: "1e3" }), "InstdAmt", "no decimal number"],
  ["a comma", one({ amount: "1250,00" }), "InstdAmt", "no decimal number"],
  ["spaces around an amount", one({ amount: " 1250.00 " }), "InstdAmt", "no decimal number"],
  ["an unknown currency", one({ currency: "XYZ" }), "InstdAmt", "ISO 4217"],
  ["an asset that is no currency", one({ currency: "BTC" }), "InstdAmt", "ISO 4217"],
  ["no currency", one({ currency: 'EUR" x="' }), "InstdAmt", "attribute"],
  ["a wrong count of the file", { header: "<NbOfTxs>2</NbOfTxs>" }, "GrpHdr/NbOfTxs", "there are 1"],
  ["a wrong sum of the file", { header: "<CtrlSum>1250.01</CtrlSum>" }, "GrpHdr/CtrlSum", "1250.00"],
  ["a wrong count of a group", { groups: [{ head: "<NbOfTxs>3</NbOfTxs>" }] }, "PmtInf[1]/NbOfTxs", "there are 1"],
  ["a wrong sum of a group", { groups: [{ head: "<CtrlSum>1</CtrlSum>" }] }, "PmtInf[1]/CtrlSum", "1250.00"],
  ["a date that is none", { groups: [{ date: "YYYY-MM-DD" }] }, "ReqdExctnDt", "YYYY-MM-DD"],
  ["a date outside the calendar", { groups: [{ date: "2026-02-30" }] }, "ReqdExctnDt", "calendar"],
  ["a date with a zone", { groups: [{ date: "2026-11-30Z" }] }, "ReqdExctnDt", "YYYY-MM-DD"],
  ["a direct debit", { groups: [{ method: "DD" }] }, "PmtMtd", "TRF"],
  ["a cheque", { groups: [{ method: "CHK" }] }, "PmtMtd", "TRF"],
  ["fees for the payer", { groups: [{ tail: "<ChrgBr>DEBT</ChrgBr>" }] }, "ChrgBr", "fees"],
  ["fees for the payee", one({ before: "<ChrgBr>CRED</ChrgBr>" }), "ChrgBr", "fees"],
  [
    "an ultimate creditor",
    one({ after: "<UltmtCdtr><Nm>Mallory</Nm></UltmtCdtr>" }),
    `${CDT}/UltmtCdtr`,
    "no line shows it",
  ],
  [
    "an ultimate debtor",
    { groups: [{ tail: "<UltmtDbtr><Nm>Mallory</Nm></UltmtDbtr>" }] },
    "UltmtDbtr",
    "no line shows it",
  ],
  [
    "an intermediary bank",
    one({ agent: "<IntrmyAgt1><FinInstnId><BIC>CHASUS33</BIC></FinInstnId></IntrmyAgt1>" }),
    "IntrmyAgt1",
    "no line shows it",
  ],
  [
    "regulatory reporting",
    one({ after: "<RgltryRptg><DbtCdtRptgInd>DEBT</DbtCdtRptgInd></RgltryRptg>" }),
    "RgltryRptg",
    "no line shows it",
  ],
  ["an equivalent amount", one({ before: "<EqvtAmt/>" }), "EqvtAmt", "no line shows it"],
  ["a rate of exchange", one({ before: "<XchgRateInf/>" }), "XchgRateInf", "no line shows it"],
  [
    "an instruction for the payee's bank",
    one({ after: "<InstrForCdtrAgt><Cd>HOLD</Cd></InstrForCdtrAgt>" }),
    "InstrForCdtrAgt",
    "no line shows it",
  ],
  ["a forwarding agent", { header: "<FwdgAgt/>" }, "FwdgAgt", "no line shows it"],
  ["an authorisation", { header: "<Authstn/>" }, "Authstn", "no line shows it"],
  ["an account for the fees", { groups: [{ tail: "<ChrgsAcct/>" }] }, "ChrgsAcct", "no line shows it"],
  ["a proxy account", one({ account: "<Prxy><Id>+491701234567</Id></Prxy>" }), "Prxy", "no line shows it"],
  [
    "a type of account",
    one({ account: `<Id><IBAN>${IBAN}</IBAN></Id><Tp><Cd>SVGS</Cd></Tp>` }),
    "CdtrAcct/Tp",
    "no line shows it",
  ],
  ["an unknown element", one({ after: "<Frobnicate/>" }), "Frobnicate", "no line shows it"],
  ["an element called constructor", one({ after: "<constructor/>" }), "constructor", "no line shows it"],
  [
    "an account in another currency",
    one({ account: `<Id><IBAN>${IBAN}</IBAN></Id><Ccy>USD</Ccy>` }),
    "CdtrAcct/Ccy",
    "differs",
  ],
  [
    "an own account in another currency",
    { groups: [{ debtorAccount: `<Id><IBAN>${IBAN}</IBAN></Id><Ccy>USD</Ccy>` }] },
    "DbtrAcct/Ccy",
    "differs",
  ],
  [
    "another name on the account",
    one({ account: `<Id><IBAN>${IBAN}</IBAN></Id><Nm>Mallory</Nm>` }),
    "CdtrAcct/Nm",
    "differs",
  ],
  ["a second payee", one({ creditor: "<Nm>Mallory</Nm>" }), "Cdtr/Nm", "twice"],
  ["a second amount", one({ agent: '<Amt><InstdAmt Ccy="EUR">1</InstdAmt></Amt>' }), `${CDT}/Amt`, "twice"],
  ["no payee", one({ name: "" }), "Cdtr/Nm", "empty"],
  [
    "the service in both places",
    {
      groups: [
        {
          head: "<PmtTpInf><InstrPrty>NORM</InstrPrty></PmtTpInf>",
          payments: [{ before: "<PmtTpInf><InstrPrty>HIGH</InstrPrty></PmtTpInf>" }],
        },
      ],
    },
    `${CDT}/PmtTpInf`,
    "both",
  ],
  ["a bidi control", one({ name: "Mu\u202Eller" }), "Cdtr/Nm", "U+202E"],
  ["a bidi control as reference", one({ name: "Mu&#x202E;ller" }), "Cdtr/Nm", "U+202E"],
  ["a zero-width space", one({ name: "Mül\u200Bler" }), "Cdtr/Nm", "U+200B"],
  ["mixed scripts in a word", one({ name: "M\u0430ller GmbH" }), "Cdtr/Nm", "U+0430"],
  ["a decomposed letter", one({ name: "Mu\u0308ller" }), "Cdtr/Nm", "normalisation form C"],
  ["a newline in a name", one({ name: "Müller\nGmbH" }), "Cdtr/Nm", "U+000A"],
  ["a space before a name", one({ name: " Müller" }), "Cdtr/Nm", "space"],
  ["an unsafe reference", one({ after: reference("ok\u2066") }), "Ustrd[1]", "U+2066"],
  ["an over-long name", one({ name: "x".repeat(141) }), "Cdtr/Nm", "140"],
  ["an over-long reference", one({ after: reference("x".repeat(141)) }), "Ustrd[1]", "140"],
  ["text between elements", one({ before: "hello" }), CDT, "text"],
  [
    "an attribute that turns a value off",
    one({ after: '<Purp xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"><Cd>X</Cd></Purp>' }),
    "Purp",
    "attribute",
  ],
  ["a foreign namespace inside", one({ after: '<Purp xmlns="urn:x"/>' }), "Purp", "namespace"],
  ["an element inside a leaf", one({ name: "Mü<b/>ller" }), "Cdtr/Nm/b", "only text"],
  ["a comment inside a leaf", one({ name: "Mü<!-- x -->ller" }), "Cdtr/Nm", "comment"],
  ["an instruction inside a leaf", one({ name: "Mü<?x y?>ller" }), "Cdtr/Nm", "processing instruction"],
  ["a CDATA section", one({ name: "<![CDATA[Müller]]>" }), "Cdtr/Nm", "CDATA"],
  ["an older version", { version: "pain.001.001.02" }, "Document", "pain.001.001.02"],
  ["a newer version", { version: "pain.001.001.11" }, "Document", "pain.001.001.11"],
  ["another message", { version: "pain.008.001.02" }, "Document", "pain.008.001.02"],
  ["a DOCTYPE", { prolog: "<!DOCTYPE Document [<!ENTITY a 'b'>]>" }, "file", "DOCTYPE"],
  ["another encoding", { prolog: '<?xml version="1.0" encoding="ISO-8859-1"?>' }, "file", "ISO-8859-1"],
  ["XML 1.1", { prolog: '<?xml version="1.1"?>' }, "file", "XML 1.0"],
  ["an undefined entity", one({ name: "&payee;" }), "file", "well-formed"],
  ["deep nesting", one({ after: "<Purp>".repeat(40) + "</Purp>".repeat(40) }), "file", "nested deeper"],
  ["no payment", { groups: [{ payments: [] }] }, "PmtInf[1]/CdtTrfTxInf", "missing"],
  ["no group", { groups: [] }, "CstmrCdtTrfInitn/PmtInf", "missing"],
])("refuses %s", (_name, file, element, rule) => {
  const findings = findingsOf(painXml(file));
  expect(findings.map((finding) => `${finding.element}: ${finding.rule}`).join("\n")).toContain(rule);
  expect(findings.some((finding) => finding.element.includes(element) && finding.rule.includes(rule))).toBe(true);
});

const text = (xml: string): Uint8Array => new TextEncoder().encode(xml);
const LAUGHS = `<!DOCTYPE d [<!ENTITY a "ha">${"<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>".repeat(5)}]><d>&b;</d>`;
test.each<[string, Uint8Array, string]>([
  ["nothing", new Uint8Array(), "root element"],
  ["no XML", text("hello"), "well-formed"],
  ["a file cut short", painXml().subarray(0, -15), "well-formed"],
  ["a billion laughs", text(LAUGHS), "DOCTYPE"],
  ["an external entity", text('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'), "DOCTYPE"],
  ["bytes that are no UTF-8", Uint8Array.of(0x3c, 0x61, 0xff, 0x3e), "UTF-8"],
  ["UTF-16", Uint8Array.from(Buffer.from("\uFEFF<Document/>", "utf16le")), "UTF-8"],
  ["two byte order marks", Uint8Array.from([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, ...painXml()]), "byte order mark"],
  ["too many bytes", new Uint8Array(262_145), "262144"],
  [
    "too many elements",
    text(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03">${"<a/>".repeat(30_000)}</Document>`),
    "",
  ],
  ["no namespace", text("<Document/>"), "pain.001.001.03 and pain.001.001.09"],
  ["a second root", text("<a/><b/>"), "pain.001"],
])("refuses %s", (_name, bytes, rule) => {
  expect(findingsOf(bytes)[0]?.rule).toContain(rule);
});

test("names every finding of a file, with its line", () => {
  const file = painXml({
    header: "<NbOfTxs>9</NbOfTxs>",
    groups: [{ date: "soon", payments: [{ amount: "-1" }, { currency: "XYZ" }] }],
  });
  expect(findingsOf(file).map(({ element }) => element.split("/").at(-1))).toEqual(
    expect.arrayContaining(["NbOfTxs", "ReqdExctnDt", "InstdAmt"]),
  );
});

const OWN = join(ROOT, "examples/bank/samples");
const VALID = existsSync(SHARED) ? join(SHARED, "valid") : OWN;

/** Samples with lines that come again. */
const REPEATING = /salaries|three-countries|invoice-09|suppliers/;

test.each([...samplesIn(OWN), ...samplesIn(VALID)])("sample %s is taken", (path) => {
  const expected = REPEATS || !REPEATING.test(path) ? [] : [ONLY_ONCE];
  expect(findingsOf(readFileSync(path)).map(({ rule }) => rule)).toEqual(expected);
});

const REFUSED = [
  ["example-sepa_pain_001_v3.xml", "CdtrAcct/Id/IBAN", "mod 97"],
  ["example-sepa_pain_001_v3_multiple_pmtinf.xml", "PmtInf[2]/DbtrAcct/Id/IBAN", "mod 97"],
  ["example-sepa_pain_001_v3_multiple_pmtinf.xml", "GrpHdr/NbOfTxs", "there are 2"],
  ["example-sepa_pain_001_v3_multiple_pmtinf.xml", "GrpHdr/CtrlSum", "20.00"],
  ["example-swift_pain_001_v3.xml", "CdtrAcct/Id/IBAN", "wrong length"],
  ["goldman_sachs-pain_001_v3_sepa.xml", "ReqdExctnDt", "YYYY-MM-DD"],
  ["goldman_sachs-pain_001_v3_sepa.xml", "DbtrAcct/Id/IBAN", "no IBAN"],
] as const;

test.each(REFUSED)("shared sample %s, if it is here, is refused for %s", (name, element, rule) => {
  const path = join(SHARED, "refused", name);
  const findings = existsSync(path) ? findingsOf(readFileSync(path)) : [{ element, rule, line: 0 }];
  expect(findings.some((finding) => finding.element.endsWith(element) && finding.rule.includes(rule))).toBe(true);
});

function samplesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".xml"));
  return names.map((name) => join(folder, name));
}
