import { ProtocolError } from "../protocol-error.ts";
import { checkGlyphs, checkSafeText, type GlyphProfile } from "../safe-text.ts";
import { Label } from "../label.ts";
import type { Named, Refused, Suite } from "./suite.ts";

interface How {
  /** Printable ASCII alone. */
  readonly ascii?: true;
  /** Words of look-alikes of Latin letters are refused. */
  readonly refuseLatinLookalikes?: true;
  readonly maxCodePoints?: number;
  /** Also checked against this glyph profile. */
  readonly profile?: GlyphProfile;
}

interface Accept extends Named, How {
  readonly text: string;
}

interface Reject extends Refused, How {
  readonly text: string;
  /** Where one code point is to blame. */
  readonly codePoint?: string;
}

const ACCEPT: readonly (readonly [name: string, text: string, how?: How])[] = [
  ["ASCII", "Invoice 2026-114 (net) #7", { ascii: true, profile: "ascii" }],
  ["every printable ASCII character", String.fromCharCode(...Array.from({ length: 94 }, (_, i) => 33 + i))],
  ["Latin-1", "M\u00fcller GmbH & S\u00f8n", { profile: "latin" }],
  ["Latin Extended-A", "\u0141\u00f3d\u017a, \u0130stanbul, \u0150r", { profile: "latin" }],
  ["Latin with look-alikes refused", "PayPal", { refuseLatinLookalikes: true }],
  ["Cyrillic", "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440"],
  ["Cyrillic where look-alikes are refused", "\u041f\u0440\u0438\u0432\u0435\u0442", { refuseLatinLookalikes: true }],
  ["Latin and Cyrillic in two words", "USB \u043a\u0430\u0431\u0435\u043b\u044c"],
  ["Latin and Cyrillic joined by a hyphen", "IT-\u043e\u0442\u0434\u0435\u043b"],
  ["Greek", "\u03b1\u03b2\u03b3 \u0394\u03ad\u03bb\u03c4\u03b1"],
  ["Japanese: three scripts in a word", "\u65e5\u672c\u30c6\u30b9\u30c8\u3067\u3059"],
  ["Japanese prolonged sound mark", "\u30e1\u30fc\u30eb"],
  ["Korean: Hangul and Han in a word", "\u5927\u97d3\ubbfc\uad6d"],
  ["Han and Bopomofo in a word", "\u6f22\u3105\u3106"],
  ["Arabic", "\u0645\u0631\u062d\u0628\u0627"],
  ["Hebrew with two marks on a letter", "\u05e9\u05b8\u05c1\u05dc"],
  ["Devanagari with vowel sign and virama", "\u0928\u092e\u0938\u094d\u0924\u0947"],
  ["Thai", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35"],
  ["Vietnamese in NFC", "Nguy\u1ec5n"],
  ["two marks that have no composed form", "x\u0323\u0302"],
  ["an emoji", "ok \u{1f600}"],
  ["letters beyond the basic plane", "\u{20000}\u{20001}"],
  ["digits beside any script", "\u043a\u043e\u0434 42\u0430"],
  ["exactly the longest", "a".repeat(140), { maxCodePoints: 140 }],
  ["the longest beyond the basic plane", "\u{20000}".repeat(140), { maxCodePoints: 140 }],
];

type RejectRow = readonly [name: string, because: string, text: string, codePoint?: string | undefined, how?: How];

const REJECT: readonly RejectRow[] = [
  ["empty", "empty", ""],
  ["a leading space", "space", " a", "0020"],
  ["a trailing space", "space", "a ", "0020"],
  ["a doubled space", "space", "a  b", "0020"],
  ["a trailing space after Cyrillic", "space", "\u043c\u0438\u0440 ", "0020"],
  ["a no-break space", "space", "a\u00a0b", "00A0"],
  ["an ideographic space", "space", "\u6c34\u3000\u6c34", "3000"],
  ["a thin space", "space", "a\u2009b", "2009"],
  ["a newline", "control", "a\nb", "000A"],
  ["a carriage return", "control", "a\rb", "000D"],
  ["a tab", "control", "a\tb", "0009"],
  ["NUL", "control", "a\u0000", "0000"],
  ["an escape", "control", "\u001b[31m", "001B"],
  ["a C1 control", "control", "a\u0085b", "0085"],
  ["a line separator", "control", "a\u2028b", "2028"],
  ["a paragraph separator", "control", "a\u2029b", "2029"],
  ["right-to-left override", "bidi-control", "a\u202etxt.exe", "202E"],
  ["a left-to-right isolate", "bidi-control", "\u2066a\u2069", "2066"],
  ["a right-to-left mark", "bidi-control", "a\u200fb", "200F"],
  ["an Arabic letter mark", "bidi-control", "a\u061cb", "061C"],
  ["a zero-width space", "invisible", "pay\u200bpal", "200B"],
  ["a zero-width joiner", "invisible", "a\u200db", "200D"],
  ["a zero-width non-joiner", "invisible", "a\u200cb", "200C"],
  ["a word joiner", "invisible", "a\u2060b", "2060"],
  ["a byte order mark", "invisible", "\ufeffa", "FEFF"],
  ["a soft hyphen", "invisible", "a\u00adb", "00AD"],
  ["a combining grapheme joiner", "invisible", "a\u034fb", "034F"],
  ["a Hangul filler", "invisible", "a\u3164", "3164"],
  ["a braille blank", "invisible", "a\u2800b", "2800"],
  ["a Khmer inherent vowel", "invisible", "\u1780\u17b4", "17B4"],
  ["an interlinear annotation", "invisible", "a\ufff9b", "FFF9"],
  ["a tag character", "tag", "a\u{e0061}", "E0061"],
  ["an emoji variation selector", "variation-selector", "\u2764\ufe0f", "FE0F"],
  ["an ideographic variation selector", "variation-selector", "\u845b\u{e0100}", "E0100"],
  ["private use", "private-use", "a\ue000", "E000"],
  ["private use in plane 16", "private-use", "\u{10fffd}", "10FFFD"],
  ["a noncharacter", "unassigned", "a\uffff", "FFFF"],
  ["an unassigned code point", "unassigned", "a\u0378", "0378"],
  ["a lone high surrogate", "ill-formed", "a\ud800", "D800"],
  ["a lone low surrogate", "ill-formed", "\udc00a", "DC00"],
  ["a replacement character", "replacement", "a\ufffd", "FFFD"],
  ["an object replacement character", "replacement", "a\ufffc", "FFFC"],
  ["decomposed Latin", "not-nfc", "e\u0301", "0065"],
  ["marks in the wrong order", "not-nfc", "x\u0302\u0323", "0302"],
  ["a compatibility singleton", "not-nfc", "\u212b", "212B"],
  ["the Kelvin sign", "not-nfc", "\u212a", "212A"],
  ["a decomposed Hangul syllable", "not-nfc", "\u1112\u1161\u11ab", "1112"],
  ["a mark at the start", "mark", "\u0301a", "0301"],
  ["a mark after a space", "mark", "a \u0301", "0301"],
  ["a mark on a digit", "mark", "1\u0338", "0338"],
  ["a keycap", "mark", "1\u20e3", "20E3"],
  ["a third mark", "mark", "x\u0323\u0302\u0304", "0304"],
  ["Cyrillic a in a Latin word", "mixed-scripts", "p\u0430ypal", "0430"],
  ["Latin a in a Cyrillic word", "mixed-scripts", "\u043c\u0438a", "0061"],
  ["Greek omicron in a Latin word", "mixed-scripts", "g\u03bfogle", "03BF"],
  ["Hiragana and Hangul in a word", "mixed-scripts", "\u3042\ud55c", "D55C"],
  ["Bopomofo and Hiragana in a word", "mixed-scripts", "\u3105\u3042", "3042"],
  ["Latin and Han in a word", "mixed-scripts", "A\u6c34", "6C34"],
  ["Arabic-Indic digit in a Latin word", "mixed-scripts", "a\u0661", "0661"],
  ["a historic script", "script", "\u{10330}", "10330"],
  ["Egyptian hieroglyph", "script", "\u{13000}", "13000"],
  [
    "a Cyrillic word of Latin look-alikes",
    "latin-lookalike",
    "\u0440\u0430\u0443",
    "0440",
    { refuseLatinLookalikes: true },
  ],
  ["a Greek word of Latin look-alikes", "latin-lookalike", "\u0391\u0392", "0391", { refuseLatinLookalikes: true }],
  [
    "one look-alike word among good ones",
    "latin-lookalike",
    "pay \u0441\u043e now",
    "0441",
    { refuseLatinLookalikes: true },
  ],
  ["Latin-1 where ASCII stands", "not-ascii", "h\u00f6st", "00F6", { ascii: true }],
  ["a full-width digit where ASCII stands", "not-ascii", "\uff11", "FF11", { ascii: true }],
  ["a control where ASCII stands", "not-ascii", "a\u007f", "007F", { ascii: true }],
  ["one code point too long", "too-long", "a".repeat(141), undefined, { maxCodePoints: 140 }],
  ["Latin-1 on an ASCII key", "no-glyph", "M\u00fcller", "00FC", { profile: "ascii" }],
  ["Cyrillic on a Latin key", "no-glyph", "\u043c\u0438\u0440", "043C", { profile: "latin" }],
  ["Latin Extended-B on a Latin key", "no-glyph", "\u0219i", "0219", { profile: "latin" }],
  ["an emoji on a Latin key", "no-glyph", "ok \u{1f600}", "1F600", { profile: "latin" }],
];

/** What may stand in a text. */
export const safeTextVectors: Suite<Accept, Reject> = {
  name: "safe-text",
  spec: "docs/protocol/safe-text.md",
  about:
    "accept: `text` passes. reject: refused by the rule `because`, where one code point is to blame at `codePoint`. " +
    "`ascii`, `refuseLatinLookalikes`, `maxCodePoints` and `profile` say how strict to be.",
  build: () => ({
    accept: ACCEPT.map(([name, text, how = {}]) => ({ name, text, ...how })),
    reject: REJECT.map(([name, because, text, codePoint, how = {}]) => {
      return { name, text, ...how, because, ...(codePoint === undefined ? {} : { codePoint }) };
    }),
  }),
  accept: (vector) => {
    check(vector);
    return {};
  },
  reject: (vector) => {
    try {
      check(vector);
      return "accepted";
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const found = error.codePoint?.toString(16).toUpperCase().padStart(4, "0");
      const because = error.code === "unsafe-text" ? String(error.rule) : error.code;
      return found === vector.codePoint ? because : `${because} at ${found}`;
    }
  },
};

function check(vector: How & { readonly text: string }): void {
  checkSafeText(vector.text, vector);
  if (vector.profile !== undefined) checkGlyphs([{ label: Label.DETAIL_1, value: vector.text }], vector.profile);
}
